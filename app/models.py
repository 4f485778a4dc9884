"""MAP OF TABLES: every table, grouped, with one line of meaning each. Read this first."""

# ruff: noqa: F401  (importing is what this file is for)

# accounts
from app.accounts.models import (
    AccountState,  # what FAB's user row does not know
    PasswordHistory,  # a password an account had
    ShippedGrant,  # a right given to a shipped role once
    SignInThrottle,  # failed sign-ins of an account or an address
    UserRegion,  # which offices a user answers for
    UserSession,  # one sign-in on one device
)

# shared by all ledgers
from app.core.attachments import Attachment  # one file of one row
from app.core.audit import (
    AuditEntry,  # one thing somebody did; append-only, chained
    AuditSecret,  # the readable value behind a digest in an entry
    ChainHead,  # last number and hash of one chain
)
from app.core.changes import ChangeRequest  # one proposal to change one approved row
from app.core.codes import CodeItem  # one code of one code list
from app.core.drafts import FormDraft  # what somebody is typing into one form
from app.core.keys import KeyCheck  # how a wrong key is recognised
from app.core.limits import LimitedUse  # one use of something limited per hour
from app.core.list_views import (
    ListView,  # how somebody's list looks, a view they saved, what they looked for
    ListViewOffice,  # one office that a view is shared with
)
from app.core.numbers import DocumentCounter  # the last document number of an office and year
from app.core.params import PolicyParam  # one dated value of a rule
from app.core.periods import ClosedMonth  # one month one office has closed
from app.core.pins import FormPin  # one field of a form that one person keeps for the next record
from app.core.regions import (
    Region,  # one place of the administrative division
    RegionCode,  # the statistical code it had, with dates
)
from app.core.return_marks import ReturnMark  # one field that a return asked to mend
from app.core.sampling import QueueLook  # that somebody opened a row in a queue
from app.core.tokens import ClientToken  # one form that was sent
from app.core.workflow import (
    RowAuthor,  # who made or edited a record
    WorkflowStep,  # one act on one record; append-only
)

# births
from app.ledgers.births.models import (
    Birth,  # one live-born child
    BirthRegistration,  # one registration of a birth, before or after it
    Delivery,  # one delivery of one mother
)

# families
from app.ledgers.families.models import (
    Death,  # one death, as it was told
    Marriage,  # one marriage with its dates, as the approved events tell it
    MarriageEvent,  # one marriage, divorce or death of a spouse, for both
)

# households
from app.ledgers.households.models import (
    Household,  # one household with its number and its place
    HouseholdEvent,  # one thing that happened to a household, about one person
    HouseholdMember,  # who belonged to which household from when to when
    HouseholdParting,  # one day on which a person moved away
)

# services for newlyweds and during pregnancy
from app.ledgers.maternity.models import (
    NewlywedService,  # what was offered to a couple or one person, and what they wanted
    PregnancyService,  # what a woman who told of her pregnancy wanted
)

# moves
from app.ledgers.moves.models import (
    MoveEvent,  # one move of one person: in, out, elsewhere, back
    Transfer,  # one file on its way to another office
    TransferOffice,  # one of the two offices of a transfer
)

# people
from app.ledgers.people.models import (
    DuplicatePair,  # two files that may be one person's
    DuplicateRule,  # by what such files are found
    IdentityRequest,  # one question after a person of another office
    Person,  # one person, once, for ever
    PersonOffice,  # why and when an office may see a person
    PersonSearch,  # one part of a name
)

# reports
from app.reports.models import ReportRun  # one report as it was submitted
