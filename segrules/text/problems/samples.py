"""Rules and a data file that the examples about data stand on."""

from __future__ import annotations

from segrules.text.catalogue import Example

RULES = """\
segments value of customers {
  high when spend >= 100
  otherwise low
}
"""
HEADER = "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n"
ROW = "C1,2026-01-05,north,gold,120.50,10,1.5,40%,yes,,\n"
OTHER_ROW = ROW.replace("C1", "C2")
ORDER_RULES = """\
let bought = count orders in last 90 days
segments value of customers {
  high when bought >= 1
  otherwise low
}
"""
ORDERS_HEADER = "customer_id,ordered_on,amount,items\n"
ORDER = "C1,2026-04-05,20.00,1\n"


def assigned(customers: str, run: str = "assign") -> Example:
    return Example(RULES, {"customers": customers}, run)


def ordered(orders: str, run: str = "assign") -> Example:
    return Example(ORDER_RULES, {"customers": HEADER + ROW, "orders": orders}, run)
