"""Lines of waiting customers, and those whom a pool may interrupt: linked lists of rows."""

from segrules.sim.events.inline import inlined
from segrules.sim.events.pack import Room

NOBODY = -1


@inlined
def join_last(room: Room, one: int) -> None:
    """Put a customer at the end of the line of the class."""
    customer = room.customers[one]
    group = room.classes[customer.kind]
    customer.before, customer.behind = group.tail, NOBODY
    if group.tail == NOBODY:
        group.head = one
    else:
        room.customers[group.tail].behind = one
    group.tail = one


@inlined
def join_first(room: Room, one: int) -> None:
    """Put a customer at the head of the line of the class."""
    customer = room.customers[one]
    group = room.classes[customer.kind]
    customer.before, customer.behind = NOBODY, group.head
    if group.head == NOBODY:
        group.tail = one
    else:
        room.customers[group.head].before = one
    group.head = one


@inlined
def leave(room: Room, one: int) -> None:
    """Take a customer out of the line, from any place of it."""
    customer = room.customers[one]
    group = room.classes[customer.kind]
    if customer.before == NOBODY:
        group.head = customer.behind
    else:
        room.customers[customer.before].behind = customer.behind
    if customer.behind == NOBODY:
        group.tail = customer.before
    else:
        room.customers[customer.behind].before = customer.before


@inlined
def begin_service(room: Room, one: int) -> None:
    """Note a customer as the latest that a pool has begun to serve."""
    customer = room.customers[one]
    route = room.routes[customer.kind, customer.pool]
    customer.before, customer.behind = NOBODY, route.serving
    if route.serving != NOBODY:
        room.customers[route.serving].before = one
    route.serving = one


@inlined
def end_service(room: Room, one: int) -> None:
    """Strike a customer from those whom a pool is serving."""
    customer = room.customers[one]
    if customer.before == NOBODY:
        room.routes[customer.kind, customer.pool].serving = customer.behind
    else:
        room.customers[customer.before].behind = customer.behind
    if customer.behind != NOBODY:
        room.customers[customer.behind].before = customer.before
