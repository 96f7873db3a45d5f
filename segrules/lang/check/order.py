"""The order in which names that use each other can be settled, and the circles among them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Circle:
    """Names that all use each other, and a shortest way from the first of them back to it."""

    names: frozenset[str]
    way: tuple[str, ...]


def settle(uses: Mapping[str, Sequence[str]]) -> tuple[list[str], list[Circle]]:
    """Names after those they use, and the circles.

    Every name that is used is a key. Names in a circle stand in the order too; those that only
    use one are no part of it. No recursion: a chain may be as long as a file.
    """
    order: list[str] = []
    circles: list[Circle] = []
    place = {name: at for at, name in enumerate(uses)}
    for group in _knots(uses):
        order.extend(group)
        first = min(group, key=place.__getitem__)
        if len(group) > 1 or first in uses[first]:
            circles.append(Circle(frozenset(group), _round_trip(first, uses, set(group))))
    circles.sort(key=lambda circle: place[circle.way[0]])
    return order, circles


def _knots(uses: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Groups of names that all use each other, used ones first.

    Kosaraju's way: names by when they are left going forwards, then gathered going backwards.
    """
    used_by: dict[str, list[str]] = {name: [] for name in uses}
    for name, used in uses.items():
        for each in used:
            used_by[each].append(name)
    taken: set[str] = set()
    groups: list[list[str]] = []
    for root in reversed(_left(used_by)):
        if root not in taken:
            groups.append(_gather(root, uses, taken))
    return groups


def _left(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Every name, in the order in which a walk in depth is done with it."""
    done: list[str] = []
    seen: set[str] = set()
    for root in edges:
        path = [] if root in seen else [(root, iter(edges[root]))]
        seen.add(root)
        while path:
            fresh = next((each for each in path[-1][1] if each not in seen), None)
            if fresh is None:
                done.append(path.pop()[0])
            else:
                seen.add(fresh)
                path.append((fresh, iter(edges[fresh])))
    return done


def _gather(root: str, edges: Mapping[str, Sequence[str]], taken: set[str]) -> list[str]:
    found = [root]
    taken.add(root)
    for name in found:
        for each in edges[name]:
            if each not in taken:
                taken.add(each)
                found.append(each)
    return found


def _round_trip(first: str, uses: Mapping[str, Sequence[str]], group: set[str]) -> tuple[str, ...]:
    """A shortest way from a name back to itself."""
    came: dict[str, str] = {}
    waiting = deque([first])
    while first not in came:
        name = waiting.popleft()
        for each in uses[name]:
            if each in group and each not in came:
                came[each] = name
                waiting.append(each)
    way = [first]
    while len(way) == 1 or way[-1] != first:
        way.append(came[way[-1]])
    return tuple(reversed(way))
