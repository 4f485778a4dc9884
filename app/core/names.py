"""Names of people: clean them, judge them, find them by part or by pinyin initials, sort and mask them.

pypinyin reads words, and a name is no word: 洋行 is a trading house there, 长 is grown up. So surnames, and the characters that names
read otherwise, are read from tables here, and the rest character by character; without its 47,000 phrases the library needs 44 MB less.
"""

import os
import re
import unicodedata
from functools import lru_cache

os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # read once, when the library is imported
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "1")

from pypinyin import lazy_pinyin, load_phrases_dict, load_single_dict

DOT = "·"
MIN_LENGTH, MAX_LENGTH = 2, 50  # field list, 姓名

# Surnames pypinyin reads otherwise (现代汉语词典; where that gives two readings, the commoner one).
SURNAMES_BY_READING = {
    "bi": "秘",
    "chong": "种",
    "ge": "盖 蓋",
    "gou": "句",
    "gui": "炅",
    "juan": "隽 雋",
    "kan": "阚",
    "miao": "缪 繆",
    "nai": "能 佴",
    "nian": "粘",
    "nie": "乜",
    "ou": "区 區",
    "piao": "朴",
    "po": "繁",
    "qin": "覃",
    "qiu": "仇",
    "shan": "单 單",
    "shao": "召",
    "she": "折",
    "xian": "洗",
    "xie": "解",
    "yu": "蔚",
    "yue": "乐 樂",
    "yun": "员 員 贠 貟",
    "zha": "查",
    "zhai": "翟 祭",
    "chan yu": "单于 單于",
    "mo qi": "万俟 萬俟",
    "tan tai": "澹台 澹臺",
    "yu chi": "尉迟 尉遲",
    "yue zheng": "乐正 樂正",
    "zhang sun": "长孙 長孫",
    "zi ju": "子车",
}
SURNAME_READINGS = {surname: reading for reading, surnames in SURNAMES_BY_READING.items() for surname in surnames.split()}
_COMPOUNDS = (
    "欧阳 歐陽 太史 端木 上官 司马 司馬 东方 東方 独孤 獨孤 南宫 南宮 万俟 萬俟 闻人 聞人 夏侯 诸葛 諸葛 尉迟 尉遲 公羊 赫连 赫連 "
    "澹台 澹臺 皇甫 宗政 濮阳 濮陽 公冶 太叔 申屠 公孙 公孫 慕容 仲孙 仲孫 钟离 鍾離 长孙 長孫 宇文 司徒 司空 鲜于 鮮于 "
    "单于 單于 闾丘 閭丘 子车 亓官 司寇 巫马 巫馬 公西 颛孙 顓孫 壤驷 公良 漆雕 乐正 樂正 宰父 谷梁 拓跋 夹谷 轩辕 軒轅 令狐 "
    "段干 百里 呼延 东郭 東郭 南门 羊舌 微生 梁丘 左丘 东门 西门 西門 第五 完颜 耶律 纳兰 贺兰 叶赫 达奚 哥舒 淳于"
)
COMPOUND_SURNAMES = frozenset(_COMPOUNDS.split())
RARE_READINGS = {"𠮷": "ji"}  # in people's names, unknown to pypinyin
NAME_READINGS = {  # in names (现代汉语词典), where the dictionary's first reading is another
    "长": "cháng", "長": "cháng", "重": "chóng", "曾": "zēng", "晟": "shèng", "琢": "zhuó", "薄": "bó",
    "率": "shuài", "厦": "xià", "廈": "xià", "勒": "lè", "似": "sì", "着": "zhuó", "莞": "wǎn", "劲": "jìng", "勁": "jìng", "靓": "liàng",
    "佛": "fó", "都": "dū", "泊": "bó", "了": "liǎo", "卜": "bǔ", "还": "huán", "還": "huán", "隽": "jùn", "雋": "jùn",
}  # fmt: skip
NAME_PHRASES = {  # and where the character beside it decides
    "朝阳": "zhāo yáng", "朝陽": "zhāo yáng", "朝霞": "zhāo xiá", "朝晖": "zhāo huī", "朝暉": "zhāo huī", "朝辉": "zhāo huī",
    "朝輝": "zhāo huī", "朝旭": "zhāo xù", "朝曦": "zhāo xī", "敬重": "jìng zhòng", "珍重": "zhēn zhòng", "宝藏": "bǎo zàng",
}  # fmt: skip
load_single_dict({ord(character): reading for character, reading in NAME_READINGS.items()})
load_phrases_dict({phrase: [[syllable] for syllable in reading.split()] for phrase, reading in NAME_PHRASES.items()})

_HANZI = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LATIN = "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ"
_DOTS = re.compile(r"(?:\s*[·•‧∙⋅・●ᐧ᛫⸱⸳ꞏ])+")
_FULL_STOP = re.compile(rf"(?<=[{_HANZI}])\s*\.\s*(?=[{_HANZI}])")
_BLANKS_BESIDE = re.compile(rf"\s*([{_HANZI}{DOT}])\s*")
_BLANKS = re.compile(r"\s+")
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
_PLAIN = re.compile("[\u4e00-\u9fff]+")  # nothing of it is ever changed
_PART = rf"(?:[{_HANZI}{_LATIN}]|(?<=[{_LATIN}]) (?=[{_LATIN}]))+"
_NAME = re.compile(rf"{_PART}(?:{DOT}{_PART})*")
_RUN = re.compile(rf"([{_HANZI}]+)|([{_LATIN}]+)")


def clean_name(text: str) -> str:
    """The name as it is stored: half-width, one kind of middle dot, no blanks except between Latin words."""
    if _PLAIN.fullmatch(text):
        return text
    name = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    name = _FULL_STOP.sub(DOT, _DOTS.sub(DOT, name))
    name = _BLANKS_BESIDE.sub(r"\1", name)
    return _BLANKS.sub(" ", name).strip()


def is_name(text: str) -> bool:
    """Whether a cleaned text can be a name: 2 to 50 hanzi or Latin letters, dots and blanks inside only."""
    return MIN_LENGTH <= len(text) <= MAX_LENGTH and bool(_NAME.fullmatch(text))


def initials(name: str) -> tuple[str, ...]:
    """One lower-case letter for each hanzi or Latin word: ("z", "l", "y") for 查良镛."""
    return tuple(reading[0] for reading in _readings(clean_name(name)))


def search_key(text: str) -> str:
    """What a clerk typed, in the form search_tokens() has: cleaned, lower case, without dots and blanks."""
    return clean_name(text).lower().replace(DOT, "").replace(" ", "")


def search_tokens(name: str) -> frozenset[str]:
    """Every suffix of the name and of its initials, so that any part of either begins some token."""
    return _suffixes(search_key(name)) | _suffixes("".join(initials(name)))


@lru_cache(maxsize=1024)
def letters(text: str) -> str:
    """The initials of any words, not of a name: "csdj" for 出生登记. Words of Latin letters give their first one."""
    return "".join(reading[0] for reading in _read(text))


def sort_key(name: str) -> str:
    """Pinyin without tones, syllables apart, so that lists run as in a dictionary: "zha liang yong"."""
    return " ".join(_readings(clean_name(name)))


def mask_name(name: str) -> str:
    """The name for public sheets: 张*华, 张*, 欧阳**."""
    text = clean_name(name)
    if len(surname := _surname(text)) == 2:
        return surname + "*" * (len(text) - 2)
    if len(text) < 3:
        return text[:-1] + "*" * bool(text)
    return text[0] + "*" * (len(text) - 2) + text[-1]


def _suffixes(text: str) -> frozenset[str]:
    return frozenset(text[start:] for start in range(len(text)))


def _surname(name: str) -> str:
    """The Chinese surname a name begins with; none for Latin names and for names with a dot."""
    if DOT in name or not re.match(f"[{_HANZI}]", name):
        return ""
    return name[:2] if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else name[:1]


@lru_cache(maxsize=2048)  # a name is asked for its initials and for its place in a list
def _readings(name: str) -> tuple[str, ...]:
    surname = _surname(name)
    known = SURNAME_READINGS.get(surname)
    first = known.split() if known else _read(surname)
    return tuple(first + _read(name[len(surname) :]))


def _read(text: str) -> list[str]:
    """The syllables of hanzi and the words of Latin letters, lower-case ASCII; what has no reading is left out."""
    runs = (_read_hanzi(hanzi) if hanzi else [_ascii(word)] for hanzi, word in _RUN.findall(text))
    return [reading for run in runs for reading in run if reading]


@lru_cache(maxsize=8192)  # parts of names come again and again
def _read_hanzi(hanzi: str) -> list[str]:
    syllables = " ".join(lazy_pinyin(hanzi, errors=_read_rare)).split()
    return [_ascii(syllable) for syllable in syllables]


def _read_rare(hanzi: str) -> str:
    """For the run of characters the library cannot read."""
    return " ".join(RARE_READINGS.get(character, "") for character in hanzi)


def _ascii(word: str) -> str:
    return unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode("ascii").lower()
