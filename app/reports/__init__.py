"""MAP OF REPORTS: every report by its key, in the order of the list."""

from collections.abc import Mapping
from types import MappingProxyType

from app.reports.base import Report
from app.reports.births_monthly import BirthsMonthly

REPORTS: Mapping[str, Report] = MappingProxyType(
    {
        report.key: report
        for report in (
            BirthsMonthly(),  # children born, by place, order and sex, beside the same month a year before
        )
    }
)
