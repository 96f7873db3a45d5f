"""Policies are data: every one of these returns the routes of a centre with other terms."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from segrules.sim.events.model import Route

Routes = tuple[Route, ...]


def static_order(routes: Routes, pools: Sequence[str], customers: str | None = None) -> Routes:
    """Customers (of one class, or all) take the first free pool in this order."""
    place = {pool: at for at, pool in enumerate(pools)}
    return tuple(
        replace(each, order=place.get(each.pool, len(place)))
        if customers in (None, each.customers)
        else each
        for each in routes
    )


def fastest_first(routes: Routes) -> Routes:
    """Customers take the free pool that works fastest for them."""
    return _ordered(routes, {(each.customers, each.pool): each.speed for each in routes})


def best_skill_first(routes: Routes, skill: Mapping[tuple[str, str], float]) -> Routes:
    """Customers take the free pool of the greatest skill, which is given by (class, pool)."""
    return _ordered(routes, skill)


def _ordered(routes: Routes, worth: Mapping[tuple[str, str], float]) -> Routes:
    best = sorted({worth[each.customers, each.pool] for each in routes}, reverse=True)
    return tuple(
        replace(each, order=best.index(worth[each.customers, each.pool])) for each in routes
    )


def priority(routes: Routes, classes: Sequence[str], pool: str | None = None) -> Routes:
    """A free agent (of one pool, or any) takes the customer whose class comes first here."""
    place = {name: at for at, name in enumerate(classes)}
    return tuple(
        replace(each, rank=place.get(each.customers, len(place)))
        if pool in (None, each.pool)
        else each
        for each in routes
    )


def overflow(routes: Routes, customers: str, pool: str, after: float) -> Routes:
    """The pool takes customers of this class only once they have waited `after`."""
    return _changed(routes, customers, pool, after=after)


def reserve(routes: Routes, customers: str, pool: str, spare: int) -> Routes:
    """The pool takes customers of this class only while more than `spare` of it are free."""
    return _changed(routes, customers, pool, spare=spare)


def _changed(routes: Routes, customers: str, pool: str, **terms: float) -> Routes:
    return tuple(
        replace(each, **terms) if (each.customers, each.pool) == (customers, pool) else each  # type: ignore[arg-type]
        for each in routes
    )
