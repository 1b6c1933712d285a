"""`tougu bench shares`: a share master of the size of the market, and how long questions take to name one of them."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from eval.bench.measure import Progress, bench_result, p95, percentile, quotient, rss_mb, timed_ms
from eval.fresh import fresh_house
from eval.result import Figure, Result
from mandarin.pinyin import syllables
from serve.users import OPERATOR
from serve.wiring import House

SEED = 20261123
# names of companies: two characters of their own, then what they do
_OWN = (
    "安邦宝博策昌辰诚驰创德鼎东方丰福冠光广国海瀚航昊恒宏鸿华辉汇慧佳嘉建江杰金锦晶景久凯康科朗乐立利联良亮灵隆绿迈美"
    "明铭宁诺欧鹏普奇启千乾勤青清庆仁荣瑞润赛三森山尚晟盛世顺思松泰天通同拓万威维伟文沃西祥翔新欣信星兴雄旭轩雅亚扬"
    "阳耀业一亿益毅银英盈永优宇裕元原远源悦云泽展长兆振正志智中众洲卓紫宗遵"
)
_DOES = (
    "银行证券保险软件通信材料化工能源电力电池光伏环保水务钢铁铜业矿业建设建材置业高速港口航运物流汽车机械装备药业医疗生物"
    "食品乳业白酒种业纺织家居零售百货传媒科技电子"
)  # two characters each
_EXCHANGES = (("60", "SH"), ("00", "SZ"), ("30", "SZ"), ("68", "SH"))
_ASKED = ("的净利润", "三季度营业收入多少", "的评级和目标价", "怎么样")
_NOBODY = ("白酒板块怎么样", "货币基金赎回几天到账", "今天有什么新产品", "红利策略还拥挤吗")


@dataclass(frozen=True, kw_only=True)
class MadeShare:
    """A share of the fixture; no such company is meant."""

    code: str
    exchange: str
    name: str

    @property
    def id(self) -> str:
        return f"{self.code}.{self.exchange}"


def bench_shares(house: House, *, shares: int, questions: int, progress: Progress) -> Result:
    """Import `shares` made shares twice, then ask for them by code, name, part, pinyin, initials and sound.

    `resolve_p95_ms_*` is the whole resolver (products, shares, periods, metrics) by how the share is named; `found_*`
    the share of questions for which the right one is named or among those asked back. `first_ms` is the first
    question of each kind after an import, which builds what the kind is found by. The baseline is the same
    questions before any share was imported.
    """
    began = time.perf_counter()
    made = made_shares(shares)
    asked = {kind: list(_questions(kind, made, questions)) for kind in KINDS}
    every = [question for some in asked.values() for question, _ in some]
    with fresh_house(house) as fresh, tempfile.TemporaryDirectory(prefix="tougu-bench-") as folder:
        path = Path(folder) / "shares.csv"
        _write(path, made)
        bare = [timed_ms(lambda q=q: fresh.securities.resolve(q, principal=OPERATOR)) for q in every]  # type: ignore[misc]
        before_mb = rss_mb()
        import_s, again_s = (timed_ms(lambda: fresh.import_file("shares", path, principal=OPERATOR)) for _ in range(2))
        figures: dict[str, Figure] = {}
        for done, (kind, some) in enumerate(asked.items(), 1):
            figures |= _kind(fresh, kind, some)
            progress(done, len(asked), kind)
        names_mb = round(rss_mb() - before_mb, 1)
    p95s = [value for name, value in figures.items() if name.startswith("resolve_p95") and isinstance(value, float)]
    return bench_result(
        "shares",
        fixture=f"{shares} made shares, seed {SEED}",
        n=shares,
        parameters={"shares": shares, "questions": questions},
        metrics={
            "import_s": round(import_s / 1e3, 2),
            "import_again_s": round(again_s / 1e3, 2),
            **figures,
            "names_mb": names_mb,
            "baseline_resolve_p95_ms": p95(bare),
            "ratio": quotient(max(p95s), p95(bare)),
        },
        began=began,
    )


KINDS = ("code", "name", "part", "pinyin", "initials", "sound", "nobody")


def made_shares(n: int) -> list[MadeShare]:
    """So many shares with names of four characters and codes of the four boards, no name twice."""
    random = Random(SEED)
    names: dict[str, None] = {}
    while len(names) < n:
        at = 2 * random.randrange(len(_DOES) // 2)
        names["".join(random.sample(_OWN, 2)) + _DOES[at : at + 2]] = None
    boards = (_EXCHANGES[i % len(_EXCHANGES)] for i in range(n))
    return [
        MadeShare(code=f"{board}{i:04d}", exchange=exchange, name=name)
        for i, (name, (board, exchange)) in enumerate(zip(names, boards, strict=True))
    ]


def _questions(kind: str, made: list[MadeShare], n: int) -> Iterator[tuple[str, str | None]]:
    """Questions that name a share in one way, each with its id; None for those that name nobody."""
    random = Random(f"{SEED}/{kind}")
    for i in range(n):
        share, tail = random.choice(made), _ASKED[i % len(_ASKED)]
        if kind == "nobody":
            yield _NOBODY[i % len(_NOBODY)], None
        else:
            yield _called(kind, share) + tail, share.id


def _called(kind: str, share: MadeShare) -> str:
    sounds = [one.pinyin for one in syllables(share.name)]
    ways = {
        "code": share.code,
        "name": share.name,
        "part": share.name[:2],
        "pinyin": "".join(sounds),
        "initials": "".join(sound[0] for sound in sounds),
        "sound": _homophone(share.name[0]) + share.name[1:],
    }
    return ways[kind]


def _homophone(character: str) -> str:
    """Another character of the same sound, where the names use one; else the same."""
    sound = syllables(character)[0].pinyin
    return next((other for other in _OWN if other != character and syllables(other)[0].pinyin == sound), character)


def _write(path: Path, made: list[MadeShare]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["code", "exchange", "name", "full_name", "aliases", "industry"])
        rows.writerows([one.code, one.exchange, one.name, f"{one.name}股份有限公司", "", ""] for one in made)


def _kind(house: House, kind: str, asked: list[tuple[str, str | None]]) -> dict[str, Figure]:
    """Milliseconds of the first question and of the others, and how many named the right share."""
    ms: list[float] = []
    right = 0
    for question, wanted in asked:
        began = time.perf_counter()
        named = house.securities.resolve(question, principal=OPERATOR)
        ms.append((time.perf_counter() - began) * 1e3)
        codes = {
            code for one in (*named.products, *(m for group in named.ambiguous for m in group)) for code in one.codes
        }
        right += codes == set() if wanted is None else wanted in codes
    return {
        f"resolve_p50_ms_{kind}": percentile(ms[1:], 50),
        f"resolve_p95_ms_{kind}": p95(ms[1:]),
        f"first_ms_{kind}": round(ms[0], 1),
        f"found_{kind}": quotient(right, len(asked)),
    }
