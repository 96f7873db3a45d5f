"""The shipped parse tables and the words they reserve."""

import re

import pytest

from segrules.lang.build import build
from segrules.lang.parse import parse
from segrules.lang.tables import are_fresh, load_parser, reserved_words
from segrules.text.diagnostic import Log
from segrules.text.source import Source

COLUMN_PLACES = """
table t key {w} {{ {w} text {w} number {w} whole 0..5 {w} one of x, {w} {w} ordered {w} < {w}
  {w} flag? as "x" {w} money kept {w} refers to t {w} set of {w}
  {w} share predicted trusted when {w} }}
table t key id {{ {w} one of x, y {w} set of x {w} date? from x {w} text steward "x"
  {w} instant purpose x {w} flag }}
table r of t by {w} key {w} dated {w} {{ {w} text }}
table r of t by {w} dated {w} {{ {w} text }}
table r key {w} derived from t
rows r of t where ({w} = 1)
identity of t by {w}, {w} {{ {w} from newest {w} {w} from total {w} from a over b {w} from x }}
let a = {w}
let a of t = {w} trusted when {w}
let a = {w} + {w} * {w} / 2 - {w} div 4 mod 5
let a = {w} > 1 and {w} < 2 or not {w}
let a = {w} between {w} and {w}
let a = {w} in [{w}, {w}] and {w} not in [{w}]
let a = {w} is missing and {w} is known
let a = {w} contains "x" and {w} has any of [{w}]
let a = {w} if missing use {w}
let a = sum {w} of orders in last 3 days where ({w} > 1 and {w})
let a = sum ({w}) of orders + count distinct {w} of orders
let a = median {w} of all leads with same {w} and same {w} among ({w})
let a = in top 5% by {w}
let a = in largest making 5% of {w}
let a = in bottom 5 with same {w} by {w} and {w}
let a = least({w}, {w}) + days since {w} + 5% of {w}
let a = days until next anniversary of {w}
let a = completed years from {w} to {w}
let a = {w} as at last review
let a = x.{w}
let a = rank of {w} + quantile 5% of {w} + share of total {w}
let a = -{w} + ({w})
let a = {w} was x ever and {w} entered x and {w} moved up since last review
let a = every orders have {w}
let a = at least 3 orders with same {w} where ({w})
let a = first x where ({w}) then y where ({w}) within 3 days but no z where ({w})
score s of t {{ add {w} when {w} take {w} add 1 when {w} }}
band b of {w} {{ x below 3 | y }}
value v of t {{ revenue {w} less x {w} less y {w} ledger 4 give or take 1% }}
segments s of t {{ a when {w} leave when {w} for 2 reviews running b "x" when {w}
  stay at least 3 days c when not {w} otherwise d }}
flags of t {{ a when {w} b "x" when {w} }}
suppress s when {w} reason "x"
cap a at 3 by {w}, rest to b
allot a of b {{ best 3 by {w} to b rest to c }}
holdout 5% of each s spread over {w}, {w} salt "x"
target market of t when {w}
target market of t when {w} reason "x"
conditions of s {{ | {w} | {w} | | a | {w} | }}
grid g from {w}, {w} pick first {{ | {w} | {w} => {w} | | {w}, {w} | any => {w} | }}
persona p {{ {w} 5 {w} x, {w} "x" {w} 5% }}
examples of s as_of 2026-01-01 with {w} 4, {w} 5 cut {w} at 3, top 5% by {w} at 3 {{
  | {w} => expect | by | }}
claims of s {{ never {w} > 1 more {w} never lowers s top 10% by {w} bring at least 5% of {w} }}
funnel f of t {{ x at {w} within 3 days value {w} y at {w} cost c {w} each z at {w} }}
effort of f {{ time {w} elasticity 0.5 time 3 * {w} supply 1 }}
life l of t {{ {w} grows by 1 {w} drifts by 1% give or take 2% {w} drifts by k for x {w} counts
  {w} sums keep 5% {w} steps by 1 with chance c {w} since sale by 1 {w} day of sale
  {w} follows price by -1 {w} switches keeping 4 {w} switches leaving 1% for x, k for y
  {w} counts sales r value {w} {w} switches sales r value {w} cost c {w} each {w} switches }}
line l of t where ({w} = 1) {{ arrives {w} handling {w} waited {w} abandoned {w} target 3
  handling 2 * {w} pools p abandoned {w} and {w} open from 8 to 9 }}
scenario s {{ comms a {w} odds k {w} times k {w} by 1 chance k {w} plus k cost 1 each {w} odds k
  for 2 months {w} odds k reserve 1 {w} odds k over 1 month {w} by 1 to 2 chance c fall_back d
  {w} odds e route b to p {w} odds e pay p {w} odds e keeping 5% {w} odds e }}
"""
"""Where the name of a column (in the last one, of a stage) may stand, `{w}` for it."""


def tree(text: str) -> str:
    """What was read of a text; only the codes when it could not be."""
    log = Log()
    file = build(parse(Source("rules.seg", text), log), log)
    return " ".join(each.code for each in log) or repr(file.declarations)


def all_words() -> list[str]:
    """Every word of the grammar's terminals."""
    names = {"NAME", "COMMENT", "NUMBER", "DATE", "PERCENT", "STRING"}
    patterns = [each.pattern.value for each in load_parser().terminals if each.name not in names]
    found = [word for pattern in patterns for word in re.findall(r"[a-z_]{2,}\??", _plain(pattern))]
    return sorted({form for word in found for form in _forms(word)})


def _plain(pattern: str) -> str:
    return re.sub(r"\\.|\[[^]]*\]", " ", pattern)


def _forms(word: str) -> tuple[str, ...]:
    """`row` and `rows` of `rows?`."""
    return (word[:-2], word[:-1]) if word.endswith("?") else (word,)


def test_tables_are_those_of_the_grammar() -> None:
    assert are_fresh(), "say `python -m segrules.lang.tables`"


def test_reserved_words_are_words_of_the_language() -> None:
    reserved = reserved_words()
    assert {"when", "otherwise", "and", "or", "not", "count", "left", "days"} <= set(reserved)
    assert not {"goal", "owner", "region", "spend", "rows", "review", "share"} & set(reserved)
    assert load_parser() is load_parser()
    assert set(reserved) < set(all_words())
    assert {"row", "rows", "most", "anniversary", "kept", "trimmed", "cap"} <= set(all_words())


@pytest.mark.parametrize("word", all_words())
def test_words_as_names_of_columns(word: str) -> None:
    """A word that is not reserved names a column as it is; any word does in backticks."""
    plain = tree(COLUMN_PLACES.format(w="zzz"))
    assert plain.startswith("(TableOf")
    quoted = tree(COLUMN_PLACES.format(w=f"`{word}`"))
    assert quoted == plain.replace("text='zzz', quoted=False", f"text='{word}', quoted=True")
    if word not in reserved_words():
        bare = tree(COLUMN_PLACES.format(w=word))
        assert bare == plain.replace("text='zzz'", f"text='{word}'")
