"""Readings of characters without the phrases, and with them where a text is read aloud."""

from __future__ import annotations

import subprocess
import sys

from mandarin.pinyin import syllables

ALONE = """
import sys
from mandarin.readings import readings
assert readings()[ord("银")].startswith("yín")
assert "pypinyin.phrases_dict" not in sys.modules
from mandarin.pinyin import syllables
print([one.pinyin for one in syllables("银行行走，重庆的重量")])
"""


def test_single_characters_load_no_phrases_and_phrases_come_when_a_text_is_read() -> None:
    alone = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    read = ["yin", "hang", "xing", "zou", "chong", "qing", "de", "zhong", "liang"]
    assert alone.stdout.strip() == str(read)
    assert [one.pinyin for one in syllables("银行行走，重庆的重量")] == read
