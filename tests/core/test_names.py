"""Names: cleaned, judged, found by part and by initials, sorted, masked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from app.core import names
from app.core.names import clean_name, initials, is_name, mask_name, search_key, search_tokens, sort_key

CHARACTERS = "张王李查单仇欧阳尉迟万俟小华明𠮷買力AbzÉ·•．. \u3000\u200b"
typed_names = st.text(alphabet=CHARACTERS, max_size=12)


def found(typed: str, name: str) -> bool:
    """Whether a prefix search over the tokens finds the name."""
    return any(token.startswith(search_key(typed)) for token in search_tokens(name))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (" 张　三 ", "张三"),
        ("张 小 华\n", "张小华"),
        ("买买提•艾力", "买买提·艾力"),
        ("买买提・艾力", "买买提·艾力"),
        ("买买提 ‧ 艾力", "买买提·艾力"),
        ("买买提． 艾力", "买买提·艾力"),
        ("买买提.艾力", "买买提·艾力"),
        ("买买提· ·艾力", "买买提·艾力"),
        ("Ｊｏｈｎ   Smith", "John Smith"),
        ("\ufeff张\u200b三", "张三"),
        ("葛\U000e0100城", "葛城"),
        ("𠮷 野", "𠮷野"),
        ("", ""),
    ],
)
def test_clean_name(text: str, cleaned: str) -> None:
    assert clean_name(text) == cleaned


@given(typed_names)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean_name(clean_name(text)) == clean_name(text)


@pytest.mark.parametrize(
    "name",
    ["张三", "欧阳修", "𠮷野", "㐂田", "〇明", "买买提·艾力", "阿依古丽·买买提·艾力", "John Smith", "José Álvarez", "A明", "李" * 50],
)
def test_names_are_recognised(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "张",
        "李" * 51,
        "张3",
        "张 三",
        "·张三",
        "张三·",
        "张··三",
        "John ",
        " John",
        "John  Smith",
        "张三(大)",
        "张三\n",
        "=张三",
        "张\u202e三",
    ],
)
def test_other_texts_are_no_names(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("查良镛", "zha liang yong"),
        ("单雄信", "shan xiong xin"),
        ("單雄信", "shan xiong xin"),
        ("仇英", "qiu ying"),
        ("解缙", "xie jin"),
        ("曾国藩", "zeng guo fan"),
        ("朴树", "piao shu"),
        ("翟让", "zhai rang"),
        ("覃明", "qin ming"),
        ("区明", "ou ming"),
        ("任明", "ren ming"),
        ("葛优", "ge you"),
        ("林莞尔", "lin wan er"),
        ("李劲松", "li jing song"),
        ("张靓颖", "zhang liang ying"),
        ("王明了", "wang ming liao"),
        ("李丽都", "li li du"),
        ("阿卜杜拉", "a bu du la"),
        ("欧阳修", "ou yang xiu"),
        ("尉迟恭", "yu chi gong"),
        ("尉遲恭", "yu chi gong"),
        ("尉明", "wei ming"),
        ("万俟卨", "mo qi xie"),
        ("万明", "wan ming"),
        ("长孙无忌", "zhang sun wu ji"),
        ("单于明", "chan yu ming"),
        ("单于", "shan yu"),
        ("令狐冲", "ling hu chong"),
        ("吕布", "lv bu"),
        ("𠮷野", "ji ye"),
        ("买买提·艾力", "mai mai ti ai li"),
        ("John Smith", "john smith"),
        ("José Álvarez", "jose alvarez"),
        ("", ""),
    ],
)
def test_surnames_are_read_as_surnames(name: str, reading: str) -> None:
    assert sort_key(name) == reading


def test_a_surname_reading_is_for_the_first_place_only() -> None:
    assert sort_key("李解") == "li jie"
    assert sort_key("张单") == "zhang dan"


def test_a_name_with_a_dot_has_no_chinese_surname() -> None:
    assert sort_key("查干·巴特尔").startswith("cha gan ")


def test_the_surname_table_holds_only_what_the_library_reads_otherwise() -> None:
    assert [s for s, reading in names.SURNAME_READINGS.items() if " ".join(lazy_pinyin(s)) == reading] == []


def test_every_two_character_reading_belongs_to_a_compound_surname() -> None:
    assert {surname for surname in names.SURNAME_READINGS if len(surname) == 2} <= names.COMPOUND_SURNAMES


@pytest.mark.parametrize("surname", sorted(names.COMPOUND_SURNAMES))
def test_compound_surnames_have_two_syllables_and_stay_whole_when_masked(surname: str) -> None:
    assert len(sort_key(surname + "明").split()) == 3
    assert mask_name(surname + "明华") == surname + "**"


def test_initials_are_one_letter_each() -> None:
    assert initials("查良镛") == ("z", "l", "y")
    assert initials("买买提·艾力") == ("m", "m", "t", "a", "l")
    assert initials("John Smith") == ("j", "s")


def test_tokens_are_the_suffixes_of_name_and_initials() -> None:
    assert search_tokens("查小华") == {"查小华", "小华", "华", "zxh", "xh", "h"}


def test_tokens_leave_out_dots_blanks_and_capitals() -> None:
    assert {"买买提艾力", "提艾力", "mmtal"} <= search_tokens("买买提・艾力")
    assert {"johnsmith", "smith", "js"} <= search_tokens("John Smith")


def test_a_four_byte_character_is_never_cut() -> None:
    assert search_tokens("𠮷野") == {"𠮷野", "野", "jy", "y"}


def test_nothing_gives_no_tokens() -> None:
    assert search_tokens(" ") == frozenset()


@pytest.mark.parametrize("typed", ["张小", "小华", "华", "zxh", "ZX", "xh", "张 小", "ｚｘ"])
def test_any_part_of_name_or_initials_finds_the_person(typed: str) -> None:
    assert found(typed, "张小华")


@pytest.mark.parametrize("typed", ["张华", "zh", "小张"])
def test_what_is_no_part_does_not_find_the_person(typed: str) -> None:
    assert not found(typed, "张小华")


@given(typed_names, st.data())
def test_every_part_of_any_name_begins_some_token(text: str, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([search_key(text), "".join(initials(text))]))
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    part = whole[start:stop]
    assert part == "" or any(token.startswith(part) for token in search_tokens(text))


@given(typed_names)
def test_initials_and_sort_key_are_lower_case_ascii(text: str) -> None:
    letters = set("".join(initials(text)) + sort_key(text))
    assert letters <= set("abcdefghijklmnopqrstuvwxyz ")


def test_lists_run_by_pinyin_syllable_by_syllable() -> None:
    assert sorted(["仇英", "李安", "连战", "查良镛", "张三", "曾明"], key=sort_key) == ["李安", "连战", "仇英", "曾明", "查良镛", "张三"]


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张小华", "张*华"),
        ("张三", "张*"),
        ("欧阳修", "欧阳*"),
        ("欧阳震华", "欧阳**"),
        ("欧阳", "欧*"),
        ("张王小华", "张**华"),
        ("𠮷野", "𠮷*"),
        ("买买提·艾力", "买****力"),
        ("John Smith", "J********h"),
        (" 张 小 华 ", "张*华"),
        ("张", "*"),
        ("", ""),
    ],
)
def test_mask_name(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(typed_names)
def test_a_masked_name_keeps_its_length_and_hides_something(text: str) -> None:
    masked = mask_name(text)
    assert len(masked) == len(clean_name(text))
    assert ("*" in masked) == bool(masked)


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("张朝阳", "zhang zhao yang"),
        ("梁朝伟", "liang chao wei"),
        ("朝鲁门", "chao lu men"),
        ("宋茜", "song qian"),
        ("王敬重", "wang jing zhong"),
        ("李重光", "li chong guang"),
    ],
)
def test_a_character_is_read_by_the_one_beside_it(name, reading):
    assert sort_key(name) == reading
