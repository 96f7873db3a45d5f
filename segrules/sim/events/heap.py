"""A binary heap of events, the earliest at the root.

The table holds at least one event more than the heap.
"""

import math

from segrules.sim.events.inline import inlined
from segrules.sim.events.pack import Table


@inlined
def push(events: Table, size: int, time: float, what: int) -> None:
    """Add an event to a heap of `size` events."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if events[above].time <= time:
            break
        events[at] = events[above]
        at = above
    events[at].time = time
    events[at].what = what


@inlined
def replace_first(events: Table, size: int, time: float, what: int) -> None:
    """Put another event in the place of the earliest one; the heap keeps its size."""
    at = 0
    below = 1
    # Past the end stands an event that never comes, so that there is always a second one to
    # compare with. Which of two is earlier is a coin toss, and no branch should be guessed on it.
    events[size].time = math.inf
    while below < size:
        below += int(events[below + 1].time < events[below].time)
        if time <= events[below].time:
            break
        events[at] = events[below]
        at = below
        below = 2 * at + 1
    events[at].time = time
    events[at].what = what


@inlined
def drop_first(events: Table, size: int) -> None:
    """Take the earliest event off a heap of `size` events, which then has one less.

    The root of an empty heap is an event that never comes.
    """
    if size == 1:
        events[0].time = math.inf
        return
    last = events[size - 1]
    time, what = last.time, last.what
    replace_first(events, size - 1, time, what)
