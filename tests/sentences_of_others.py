"""The sentences about other rows: related ones, everyone's, and those of earlier assignments."""

from __future__ import annotations

from sentences import AMOUNTS, CUSTOMERS, ON_ONE_ROW, ON_ORDERS, Sentence, amounts, dated, ids, rows

ON_RELATED_ROWS = (
    Sentence(
        "16",
        "Profit over the last 12 months is negative after sales, marketing and service cost.",
        "table customers key id { id text sales_cost money marketing_cost money "
        "service_cost money? }\n"
        "table invoices of customers by id dated on { on date amount money cogs money }\n"
        "value profit_12m of customers { revenue sum amount of invoices in last 12 months "
        "less goods sum cogs of invoices in last 12 months less sales sales_cost "
        "less marketing marketing_cost less service service_cost }\n"
        "flags of customers { losing when profit_12m < 0 }",
        {
            "customers": rows(
                "id sales_cost marketing_cost service_cost",
                "a 20 20 10.01",
                "b 20 20 10",
                "c 0 0 0.01",
                "d 20 20 -",
            ),
            "invoices": rows(
                "id on amount cogs",
                "a 2026-06-01 100 50",
                "b 2026-06-01 100 50",
                "c 2025-06-30 100 50",
                "d 2026-06-01 100 50",
            ),
        },
        {"losing": {"yes": "a c", "unsure": "d"}},
        warnings=("SEG341",),
    ),
    Sentence(
        "23",
        "Enquired but no appointment within 10 days.",
        CUSTOMERS + "table enquiries of customers by id dated on { on date }\n"
        "table appointments of customers by id dated on { on date }\n"
        "flags of customers { dropped when first enquiries but no appointments within 10 days }",
        {
            "customers": ids("a b c d e f g h"),
            "enquiries": dated(
                a="2026-06-01",
                b="2026-06-01",
                c="2026-06-01",
                d="2026-06-21",
                e="2026-06-20",
                g="2026-06-01 2026-06-24",
                h="2026-06-01",
            ),
            "appointments": dated(b="2026-06-11", c="2026-06-12", g="2026-06-05", h="2026-05-31"),
        },
        {"dropped": {"yes": "a c e h", "unsure": "d g"}},
    ),
    Sentence(
        "26",
        "Every open invoice is under 30 days old and none was ever written off.",
        CUSTOMERS + "table invoices of customers by id { issued_on date? open flag "
        "written_off flag }\n"
        "flags of customers { sound when every invoices where (open) have days since issued_on < "
        "30 and no invoices where (written_off) }",
        {
            "customers": ids("a b c d e f"),
            "invoices": rows(
                "id issued_on open written_off",
                "a 2026-06-01 yes no",
                "a 2020-01-01 no no",
                "b 2026-05-31 yes no",
                "c 2026-06-29 yes no",
                "c 2019-01-01 no yes",
                "e - yes no",
                "f - yes no",
                "f 2026-01-01 yes no",
            ),
        },
        {"sound": {"yes": "a d", "unsure": "e"}},
    ),
    Sentence(
        "29",
        "Most frequent channel is phone.",
        CUSTOMERS + "table contacts of customers by id dated on "
        "{ on date channel one of phone, email, chat? }\n"
        "flags of customers { by_phone when most common channel of contacts in last 12 months "
        "= phone }",
        {
            "customers": ids("a b c d e"),
            "contacts": rows(
                "id on channel",
                "a 2026-06-01 phone",
                "a 2026-06-02 phone",
                "a 2026-06-03 email",
                "b 2026-06-01 email",
                "b 2026-06-02 phone",
                "c 2026-06-01 chat",
                "c 2025-06-30 phone",
                "d 2026-06-01 -",
            ),
        },
        # of two equally common channels the one declared first
        {"by_phone": {"yes": "a b", "unsure": "d e"}},
    ),
    Sentence(
        "31",
        "Any contact of the account is a decision maker; segment the account, not the contact.",
        "table accounts key id { id text }\n"
        "table people of accounts by id { decision_maker flag? }\n"
        "segments decides of accounts { reached when any people where (decision_maker) "
        "otherwise not_yet }",
        {
            "accounts": ids("a b c d"),
            "people": rows("id decision_maker", "a no", "a yes", "b no", "b -", "c -", "x yes"),
        },
        {"decides": {"reached": "a", "not_yet": "b c d"}},
    ),
    Sentence(
        "32",
        "Household income is in the top third and at least two adults hold a product.",
        "table households key id { id text }\n"
        "table members of households by id key member_id { member_id text born date earns money }\n"
        "table products of members by member_id { since date }\n"
        "let income of households = sum earns of members\n"
        "let age of members = completed years from born to as_of\n"
        "flags of households { target when in top 33.4% of all households by income and "
        "at least 2 members where (age >= 18 and any products) }",
        {
            "households": ids("a b c d e f"),
            "members": rows(
                "id member_id born earns",
                "a a1 1980-01-01 40000",
                "a a2 2008-06-30 30000",
                "b b1 1980-01-01 90000",
                "b b2 2008-07-01 0",
                "c c1 1980-01-01 60000",
                "d d1 1980-01-01 50000",
                "d d2 1980-01-01 19999",
                "e e1 1980-01-01 20000",
            ),
            "products": rows(
                "member_id since",
                *(
                    f"{member} 2020-01-01"
                    for member in ("a1", "a2", "b1", "b1", "b2", "c1", "d1", "d2")
                ),
            ),
        },
        # two thirds of a household more than two are three: 90,000, 70,000 and 69,999
        {"target": {"yes": "a d"}},
    ),
)

ON_EVERYONE = (
    Sentence(
        "2",
        "Top 10% by profit but below median satisfaction.",
        "table customers key id { id text profit money? satisfaction whole 0..10? }\n"
        "flags of customers { rich_but_unhappy when in top 10% by profit "
        "and satisfaction < median satisfaction of all customers }",
        # two of the twelve with a profit are taken, and all who equal the second; the median is 7
        {
            "customers": rows(
                "id profit satisfaction",
                *("a 100 4", "b 90 9", "c 90 3", "n 90 -", "d 50 7", "e 50 8", "f 40 7", "g 40 8"),
                *("h 30 6", "i 30 7", "j 20 8", "k 10 9", "l - 2", "m - 9"),
            )
        },
        {"rich_but_unhappy": {"yes": "a c", "unsure": "n l"}},
    ),
    Sentence(
        "18",
        "Mid-satisfied (6 to 8), spend below the median of look-alikes, wallet share under 30%.",
        "table customers key id "
        "{ id text joined date satisfaction whole 0..10? wallet_share share? }\n"
        + AMOUNTS
        + "let spend_12m = sum amount of orders in last 12 months\n"
        "let tenure = completed years from joined to as_of\n"
        "band tenure_band of tenure { fresh below 2 | settled }\n"
        "flags of customers { potential when satisfaction between 6 and 8 and spend_12m < median "
        "spend_12m of all customers with same tenure_band and wallet_share < 30% }",
        # among those who joined lately the median is 135
        {
            "customers": rows(
                "id joined satisfaction wallet_share",
                "a 2025-01-01 6 29.9%",
                "b 2025-01-01 8 29%",
                "c 2025-01-01 7 10%",
                "d 2010-01-01 7 10%",
                "e 2025-01-01 8 -",
                "f 2025-01-01 - 10%",
                "g 2025-01-01 9 10%",
                "h 2025-01-01 7 10%",
                "i 2025-01-01 7 30%",
            ),
            "orders": amounts(
                a="2026-01-01=60",
                b="2026-01-01=200",
                c="2026-01-01=300",
                d="2026-01-01=10",
                e="2026-01-01=70",
                f="2026-01-01=20",
                g="2026-01-01=400",
                h="2026-01-01=500",
                i="2026-01-01=50",
            ),
        },
        {"potential": {"yes": "a", "unsure": "e f"}},
    ),
)

LADDER = "segments tier of customers ladder bronze < silver < gold < platinum { platinum when "
LADDER += "spend >= 1_000 gold when spend >= 500 silver when spend >= 100 otherwise bronze }\n"
SPENDERS = "table customers key id { id text spend money }\n"

ON_THE_PAST = (
    Sentence(
        "3",
        "Was Gold last month and is not now.",
        SPENDERS + LADDER + "flags of customers { lost when tier was gold at end of previous month "
        "and tier != gold }",
        {"customers": rows("id spend", "a 100", "b 500", "c 100", "d 100", "e 100", "f 500")},
        {"lost": {"yes": "a", "unsure": "e"}},
        runs={
            "2026-04-30": rows("id tier", "a silver", "b gold", "c gold", "d silver"),
            "2026-05-31": rows("id tier", "a gold", "b gold", "c silver", "d silver"),
            "2026-06-15": rows("id tier", "a silver", "b gold", "c silver", "d gold"),
        },
    ),
    Sentence(
        "19",
        "Enters Gold at 5,000 a year, keeps Gold until under 4,000 for two reviews running.",
        CUSTOMERS + AMOUNTS + "let spend_12m = sum amount of orders in last 12 months\n"
        "segments tier of customers { gold when spend_12m >= 5_000 "
        "leave when spend_12m < 4_000 for 2 reviews running otherwise base }",
        {
            "customers": ids("a b c d e f g h"),
            "orders": amounts(
                a="2026-01-01=5000",
                b="2026-01-01=4500",
                c="2026-01-01=3999.99",
                d="2026-01-01=3999.99",
                e="2026-01-01=4500",
                f="2026-01-01=4000",
                g="2026-01-01=5000",
                h="2026-01-01=3000",
            ),
        },
        {
            "tier": {"gold": "a b c f g", "base": "d e h"},
            "tier_by": {"gold": "a g", "stay": "b c f", "otherwise": "d e h"},
        },
        runs={
            "2026-05-31": rows(
                "id tier tier:leaving",
                "b gold 0",
                "c gold 0",
                "d gold 1",
                "e base -",
                "f gold 1",
                "g gold 1",
            ),
            # a second run in the review of June counts no further
            "2026-06-10": rows(
                "id tier tier:leaving",
                "b gold 0",
                "c gold 1",
                "d gold 2",
                "e base -",
                "f gold 0",
                "g gold 1",
            ),
        },
    ),
    Sentence(
        "20",
        "Moved down by two or more segments since the last quarter.",
        SPENDERS
        + LADDER
        + "flags of customers { fallen when tier moved down at least 2 since 1 quarter ago }",
        {"customers": rows("id spend", "a 100", "b 100", "c 500", "d 0", "e 0", "f 100")},
        {"fallen": {"yes": "a e", "unsure": "d"}},
        runs={
            "2026-02-28": rows("id tier", "a platinum", "b gold", "c bronze", "e gold", "f silver"),
            "2026-03-31": rows("id tier", "b platinum", "d platinum", "e platinum", "f platinum"),
        },
    ),
)

SENTENCES = (*ON_ORDERS, *ON_ONE_ROW, *ON_RELATED_ROWS, *ON_EVERYONE, *ON_THE_PAST)
