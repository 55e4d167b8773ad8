"""Invented people: names, phones and papers that belong to nobody, the same in every demo."""

from itertools import count
from random import Random

from loupan.core.identity import credit_code_check, id18_check

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
    "贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷"
    "钱汤尹黎易常武乔贺赖龚文"
)
_GIVEN = (
    "子涵", "雨桐", "浩然", "思远", "佳怡", "俊杰", "欣妍", "志强", "文静", "晓峰", "丽娟", "建国",
    "雪梅", "天佑", "梓轩", "若曦", "明哲", "海涛", "玉兰", "国栋", "诗涵", "宇航", "美玲", "永康",
    "淑芬", "嘉懿", "亦凡", "晨曦", "立群", "春燕", "德华", "静怡", "博文", "慧敏", "家豪", "芷若",
    "鹏飞", "婉清", "振宇", "秀英", "一鸣", "念慈", "云帆", "小曼", "致远", "沐阳", "知夏", "望舒",
)  # fmt: skip
_COMPANIES = ("山城云端科技", "两江供应链", "嘉陵文化传播", "渝北建材", "南岸医疗器械")
_ID_AREA = "500199"


class Invented:
    """A stream of people; every call gives somebody new."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311  Reproducible, not secret.
        self._serial = count(1)
        self._names: set[str] = set()
        self._companies = iter(_COMPANIES)

    def name(self) -> str:
        while True:
            name = self.dice.choice(_SURNAMES) + self.dice.choice(_GIVEN)
            if name not in self._names:
                self._names.add(name)
                return name

    def company(self) -> str:
        return f"重庆{next(self._companies)}有限公司"

    def phone(self) -> str:
        """In a block of numbers that looks invented."""
        head = self.dice.choice(("135", "136", "138", "139", "150", "158", "186", "189"))
        return f"{head}0000{next(self._serial):04d}"

    def id_number(self) -> str:
        """With the right check digit, of an area that does not exist."""
        born = f"{self.dice.randint(1962, 1999)}{self.dice.randint(1, 12):02d}{self.dice.randint(1, 28):02d}"
        body = f"{_ID_AREA}{born}{next(self._serial) % 1000:03d}"
        return body + id18_check(body)

    def credit_code(self) -> str:
        body = f"91500199{next(self._serial):09d}"
        return body + credit_code_check(body)
