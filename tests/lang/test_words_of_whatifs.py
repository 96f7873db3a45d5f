"""Every word of the language as a name in funnels, agents, lives, lines, levers and projects."""

from __future__ import annotations

import pytest
from test_tables import all_words, tree

from segrules.lang.tables import FOLLOWING, reserved_words

PLACES = {
    "stage": """
funnel f of t {{ {w} at a {w} at b within 3 days {w} at c value fee cost x 3 each {w} at d
  within 3 days value fee {w} at e cost x fee each cost y 2 * fee each {w} at g }}
scenario s {{ comms a {w} odds k {w} plus k cost 1 each {w} odds k {w} odds 5% {w} plus 5%
  comms a, b {w} odds k comms every segment {w} odds k from month 3 {w} odds k for 2 months
  {w} odds k for k
  {w} plus k over k {w} odds k keeping k {w} odds k deadweight k {w} odds k route a to p {w} odds k
  route a to p after 6 seconds {w} odds k qa pay none {w} odds k pay q neutral cost {w} odds k
  price a price times k {w} odds k terms a c by 1 chance k {w} odds k train p skill 4 odds k
  {w} odds k capacity p agents k {w} odds k reserve k {w} odds k checked k {w} odds k }}
""",
    "segment": """
pool p {{ serves {w} agents 4 serves {w}, {w} cost 4 per hour serves {w} }}
pay p {{ times 2 for {w} times 2 for {w}, k for {w} and {w} at most 4 per month times k for {w}
  5 per sale times 2 for {w} less 6 per failed check times 2 for {w} clawback 5%
  times 2 for {w} from 10 sales times 2 times 2 for {w} k of value }}
effort of f {{ time 3 for {w}, x / 60 for {w} and {w} elasticity 2 for {w}, 3 for {w} and {w}
  supply 0 time 2 for {w} response k elasticity k for {w} paid by p elasticity k for {w} pools q }}
quality of f {{ wait 2 days for {w}, 1 day for {w} and {w} checked 5% for {w} cost 18 for {w}
  found k for {w} drop 1% for {w} }}
life l of t {{ c grows by 1 for {w} c drifts by 1 for {w} and {w} give or take 2 for {w}
  c steps by 1 for {w} with chance k for {w} keeping 4 for {w}, 1 for {w} leaving 2% for {w}
  c since sale by 1 for {w} c follows price by -1 for {w} and {w} c switches }}
line l of t {{ target 20 for {w}, 60 for {w} and {w} handling c }}
scenario s {{ route {w} to p route {w}, {w} to p after 6 seconds comms {w} a odds k
  comms {w}, {w} a odds k qa {w} checked k qa {w} pay none priority {w} reserve 1 priority {w}
  price {w} price times k terms {w} c by 1 to 3 chance k process {w} a plus k train {w} a odds k
  pay {w} a odds k capacity {w} a odds k route {w} reserve 1 comms {w} cost 5 each
  comms {w} from month 3 comms {w} for 3 months comms {w} over 3 months comms {w} keeping 5% }}
""",
    "pool": """
pool {w} {{ agents 4 }}
pool {w} "label" {{ agents 4 }}
let a = x
pool {w} {{ }}
effort of f {{ pools {w} time 3 pools {w}, {w} supply 0 pools {w} elasticity 2 pools {w} paid by p
  pools {w} response 4 pools {w} }}
line l of t {{ pools {w} arrives a pools {w}, {w} handling a pools {w} waited a pools {w}
  abandoned a pools {w} open from 8 to 9 pools {w} target 3 pools {w} }}
scenario s {{ route a to {w} route every segment to {w} after 6 seconds capacity {w} agents 5
  capacity {w}, {w} agents k cost 5 once train {w} skill 4 odds k train {w}, {w} skill 4 odds k
  route a, b to {w} reserve 1 route a to {w} cost 5 each route a to {w} from month 3
  route a to {w} for 3 months route a to {w} pay q route a to {w} qa pay none priority a }}
""",
    "plan": """
pay {w} {{ 5 per sale }}
pay {w} "label" {{ 5 per sale }}
let a = x
pay {w} {{ }}
effort of f {{ paid by {w} time 3 paid by {w} supply 0 paid by {w} elasticity 2 paid by {w}
  pools a paid by {w} response 4 paid by {w} }}
scenario s {{ pay {w} pay {w} neutral cost pay {w} route a to p pay {w} cost 4 once
  pay {w} from month 3 pay {w} for 3 months pay {w} }}
""",
    "block": """
funnel {w} of {w} {{ a at b }}
effort of {w} {{ time 3 }}
quality of {w} {{ checked 5% }}
life {w} of {w} {{ sales {w} value a sales {w} value a leaving 2% }}
line {w} of {w} {{ target 3 }}
line {w} of {w} where (a) {{ target 3 }}
scenario {w} {{ pay a }}
scenario {w} "label" {{ pay a }}
scenario {w} = {w}
scenario {w} = {w} + {w} + {w}
scenario {w} "label" = {w}
project {w} {{ compare {w} against {w} for 3 months }}
project {w} of {w} {{ compare {w}, {w} against {w} runs 5 compare {w} against {w} hold cost }}
project {w} by {w} {{ compare {w} against {w} seed 5 compare {w} against {w} target 4 }}
project {w} of {w} by {w} {{ compare {w} against {w} compare {w} against today }}
let a = x
scenario {w} = {w}
pool a {{ }}
""",
    "figure": """
assume {w} = 4 {{ owner "a" }}
assume {w} "label" = 4 to 5 {{ source {w} "a" }}
pool p {{ agents {w} hours {w} per week skill {w} cost {w} per hour agents {w} from {w} to {w},
  {w} from {w} to {w} agents {w} serves a skill {w} hours 3 per week }}
pay p {{ {w} per sale {w} of value {w} of margin times {w} times {w} for a, {w} for b
  less {w} per failed check clawback {w} {w} per passed check from {w} sales times {w} plus {w}
  from {w} sales times {w} from {w} sales plus {w} {w} per customer kept {w} of value kept
  at most {w} per month clawback {w} at most {w} per month times {w} {w} per sale }}
effort of f {{ time {w} for a elasticity {w} elasticity {w} for a, {w} for b response {w} supply {w}
  elasticity {w} paid by p response {w} pools q supply {w} time 3 }}
quality of f {{ checked {w} failing {w} found {w} missold {w} loss {w} cost {w} wait {w} days
  wait {w} days for a, {w} days for b drop {w} temptation {w} }}
life l of t {{ c grows by {w} c drifts by {w} give or take {w} c steps by {w} with chance {w}
  c counts keep {w} c sums keep {w} c since sale by {w} c follows price by {w} keeping {w}
  leaving {w} keeping {w} for a, {w} for b c counts keep {w} c switches }}
line l of t {{ open from {w} to {w} target {w} target {w} for a, {w} for b target {w} pools p }}
scenario s {{ comms a b odds {w} comms a b plus {w} comms a c times {w} d times {w}
  comms a c by {w} chance {w} comms a c by {w} to {w} chance {w} fall_back {w} cost {w} each
  route a to p after {w} seconds reserve {w} train p skill {w} odds {w} cost {w} once
  capacity p agents {w} cost {w} monthly qa a checked {w} comms a b odds {w} deadweight {w}
  pull_forward {w} keeping {w} from month {w} for {w} over {w} b odds {w} }}
project p {{ target {w} hold cost target {w} compare a against b target {w} }}
""",
}
"""Where a name of each kind may stand, `{w}` for it, and what may stand behind it."""


@pytest.mark.parametrize("kind", PLACES)
def test_places_can_be_read(kind: str) -> None:
    assert tree(PLACES[kind].format(w="zzz")).startswith("(")


@pytest.mark.parametrize("word", all_words())
@pytest.mark.parametrize("kind", PLACES)
def test_any_word_is_a_name_in_backticks(kind: str, word: str) -> None:
    plain, quoted = tree(PLACES[kind].format(w="zzz")), tree(PLACES[kind].format(w=f"`{word}`"))
    assert quoted == plain.replace("text='zzz', quoted=False", f"text='{word}', quoted=True")


def not_read(kind: str) -> set[str]:
    """The words that are no names as they are at some place of a kind, the reserved ones aside."""
    plain = tree(PLACES[kind].format(w="zzz"))
    words = set(all_words()) - set(reserved_words())
    read = {
        word
        for word in words
        if tree(PLACES[kind].format(w=word)) == plain.replace("text='zzz'", f"text='{word}'")
    }
    return words - read


def test_words_that_need_backticks_are_published() -> None:
    """Words are names as they are; those that are not everywhere are published, and no others."""
    found = {kind: not_read(kind) for kind in PLACES}
    assert not found["stage"] | found["block"]
    assert set().union(*found.values()) == set(FOLLOWING)
