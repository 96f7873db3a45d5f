"""Rules for the checker on the tables of `checker_shop`: taken, refused, never unknown, or not."""

NEVER_UNKNOWN = """
tags has any of [x, y]
not tags has none of [x]
maybe_tags is missing
agent is known
agent starts_with "ag"
agent.skill is known and agent.skill > 3
weight is missing or weight > 3
(debt if missing use 0) > 3
any long_visits
any orders where (any lines where (cost > 3))
any orders where (count lines > 3 and colour = red)
any orders where (price > 3)
count orders in last 6 rows where (open) > 2
count orders in next 14 days > 0
count orders in next quiet > 0
sum qty of orders in this fiscal year > 3
sum qty of orders in previous fiscal quarter > 3
sum qty of orders in previous month > 3
count orders from 24 to 1 months ago > 0
any calls in last quiet
at least few orders with same item
at least 2 orders in last 3 months with same colour where (open)
every orders have amount < 3
every orders where (price > 2) have (any lines)
first orders then orders
first visits where (minutes > 1) then orders within 14 days
first orders then visits within 40 days but no calls
in top 30% by spend
in top part by joined
in bottom few among (vip) by spend
in largest making 80% of points
in top 3 by at_time
rank of spend <= 3
spend < median spend of all customers
spend > least spend of all customers
count with same area > 3
count of all customers among (vip) > 3
habit was low ever
days until next anniversary of joined <= 14
"""

MAY_BE_UNKNOWN = """
maybe_tags has all of [x]
agent.skill > 3
agent.region.boss = "x"
agent.region.size > 3
agent.grade >= mid
agent.team has any of [a]
deputy.senior_flag
deputy is missing or deputy.skill > 3
days since agent.began > 3
churn > 30%
every orders where (open) have price < 2
every orders have every lines have (cost / count_of) < 3
first orders but no visits within 40 days
median gap of orders > 3
days since last orders where (open) > 3
most common item of orders = "x"
last price of orders > 1
in top 30% by weight
in bottom 3 among (odd) by spend
in top 30% with same deputy by spend
weight < quantile 75% of weight
median spend among (odd) < spend
count with same deputy > 1
rank of weight <= 3
mood as at 1 quarter ago > 3
mood as at end of previous fiscal quarter > 3
habit was low at last review
note matches "^a+$"
"""

REFUSED = {
    "SEG108": (
        "persona p { spend 3 } persona p { spend 4 }",
        "segments s of customers ladder b < a < b { a when vip otherwise b }",
        "segments s of customers { a when vip leave when odd leave when points < 3 "
        "otherwise b unsure c }",
        "segments s of customers { a when vip otherwise b } allot a of s { rest to q } "
        "allot a of s { rest to r }",
        "grid g from area, area pick first { | area | area => o | | north | any => x | }",
        "grid g from area pick first { | area => o | o | | north => x | y | }",
        "segments o of customers { a when vip otherwise b } grid g from area pick first { | "
        "area => o | | north => x | }",
        "flags of customers { s_by when vip } segments s of customers { a when vip otherwise b }",
        "segments s of customers { a when vip otherwise b } flags of customers { s_unknown "
        "when vip }",
        "segments s of customers { a when vip otherwise b } segments s_by of customers { a "
        "when vip otherwise b }",
        'segments s of customers { a when vip otherwise b } holdout 10% of each s salt "x" '
        "flags of customers { s_holdout when vip }",
    ),
    "SEG113": ("flags of orders { f when open }",),
    "SEG118": ("grid g from points pick first { | points => o | | 9..3 => x | }",),
    "SEG119": ("let c = 5",),
    "SEG121": (
        "let w = w2 let w2 = w",
        "let w = s = a segments s of customers { a when w otherwise b }",
        "segments s of customers { a when r = a otherwise b } segments r of customers { a "
        "when s = a otherwise b }",
        "segments g of agents { a when any calls where (caller.s = b) otherwise b } "
        "segments s of customers { a when agent.g = a otherwise b unsure c }",
        'segments s of customers { a when vip otherwise b } suppress s when s = a reason "r"',
        "let w = count with same s segments s of customers { a when vip otherwise b } cap a "
        "at 2 by w, rest to b",
        "let w = o grid g from w pick first { | w => o | | 1 => 1 | }",
        "flags of customers { f when s entered a } segments s of customers { a when f "
        "otherwise b }",
        "let t = time in a of s segments s of customers { a when t > 3 otherwise b }",
    ),
    "SEG128": ("flags of customers { f when points.x > 3 }",),
    "SEG129": ("let clients of agents = count customers",),
    "SEG131": (
        "grid g from debt pick first { | debt => o | | > 5 => x | | ..5 => y | } "
        "segments s of customers { a when o = x otherwise b }",
        "table accounts key account derived from deals table deals of accounts by account "
        "dated on { on date worth money } segments s of accounts { a when days since last deals "
        "where (worth > 3) > 3 otherwise b }",
        'segments s of customers { a when vip otherwise b } suppress s when odd reason "r"',
        'segments s of customers { a when vip otherwise b } suppress a when odd reason "r"',
        "segments s of customers { a when agent.skill > 3 otherwise b }",
        "grid g from area pick first { | area => o | | north => x | } segments s of "
        "customers { a when o = x otherwise b }",
    ),
    "SEG134": (
        "segments s of customers { suppressed when vip otherwise b }",
        "segments s of customers { a when vip otherwise suppressed }",
    ),
    "SEG144": (
        "grid g from area pick first { | area => o | | nrth => x | }",
        "grid g from points pick first { | points => o | | north => x | }",
        "grid g from area pick first { | area => o | | north, any => x | }",
        "grid g from points pick first { | points => o | | >= missing => x | }",
        "grid g from area pick first { | area => o | | north => x, y | }",
        "grid g from area pick first { | area => o | | north => 1..2 | }",
        "grid g from area pick first { | area => o | | north => 3 days | }",
        "grid g from area pick first { | area => o | | north => missing | }",
        "persona p { tier golden }",
    ),
    "SEG158": (
        "flags of customers { f when points as at 1 month ago > 3 }",
        "flags of customers { f when (mood + 1) as at 1 month ago > 3 }",
    ),
    "SEG159": (
        "segments s of customers { a when vip otherwise b } flags of customers { f when s "
        "moved up since 1 month ago }",
        "segments s of customers { a when vip otherwise b } claims of s { more points never "
        "lowers s }",
    ),
    "SEG163": ("flags of customers { f when in top 10% with same weight by spend }",),
    "SEG164": ("flags of customers { f when in top 10% of all agents by skill }",),
    "SEG165": ("flags of customers { f when spend > most common spend of all customers }",),
    "SEG166": (
        "flags of customers { f when in largest making 50 of spend }",
        "flags of customers { f when weight < quantile 150% of weight }",
        'segments s of customers { a when vip otherwise b } holdout 0% of each s salt "x"',
    ),
    "SEG167": ("flags of customers { f when first orders }",),
    "SEG168": ("flags of customers { f when area has any of [north] }",),
    "SEG170": ("grid g from area pick first { | vip => o | | yes => x | }",),
    "SEG171": (
        "grid g from points pick the only one { | points => o | | 1..5 => x | | >= 5 => y | }",
        "grid g from debt pick the only one { | debt => o | | missing => x | | any => y | }",
        "grid g from area pick the only one { | area => o | | rest => x | | rest => y | }",
    ),
    "SEG172": ("grid g from area pick first { | area => o | | north => x | | any => 1 | }",),
    "SEG173": (
        "grid g from area pick sum { | area => o | | north => x | }",
        "grid g from area pick every { | area => o | | north => 1 | }",
    ),
    "SEG174": ('grid g from note pick the only one { | note => o | | "x" => x | }',),
    "SEG176": (
        "segments s of customers { a when vip otherwise b } claims of s { flapping with "
        "tolerance < flapping without tolerance }",
    ),
    "SEG177": ("grid g from tags pick first { | tags => o | | x => y | }",),
    "SEG178": ("grid g from area pick first { | area => o | }",),
    "SEG201": (
        "flags of customers { f when agent.region.sise > 3 }",
        "flags of customers { f when agnt.skill > 3 }",
        "let w = spned + points",
        "rows r of orders where (opn)",
        "rows r of orders where (opn) flags of customers { f when any r g when count r > 3 }",
        "flags of customers { f when any orders where (points > 3) }",
        "flags of customers { f when at least 2 orders with same itm }",
        "segments s of customers { a when vip otherwise b } holdout 10% of each s spread "
        'over arae salt "x"',
        "table t key k { k text p share? predicted trusted when q }",
        "segments s of customers { a when vip leave when pints < 3 otherwise b }",
    ),
    "SEG202": (
        "flags of customers { f when first orders then vists within 3 days }",
        "flags of customers { f when in top 10% of all custmers by spend }",
        "table t key k { k text a refers to agentz } flags of t { f when a.skill > 3 }",
    ),
    "SEG203": (
        "segments s of customers { a when vip otherwise b } flags of customers { f when s "
        "was zz ever }",
        "segments s of customers { a when vip otherwise b } flags of customers { f when "
        "time in zz of s > 3 }",
        "segments s of customers ladder b < aa { a when vip otherwise b }",
        'segments s of customers { a when vip otherwise b } override s for "1" to zz until '
        '2027-01-01 reason "r"',
        "segments s of customers { a when vip otherwise b } cap a at 3 by spend, rest to zz",
    ),
    "SEG205": (
        "flags of customers { f when s was a ever }",
        "segments g of agents { a when skill > 3 otherwise b } flags of customers { f when "
        "g was a ever }",
        "segments g of agents { a when skill > 3 otherwise b } flags of customers { f when "
        "agent.g was a ever }",
    ),
    "SEG206": ("flags of customers { f when tags has any of [q] }",),
    "SEG208": ("flags of customers { f when any orders in last few }",),
    "SEG213": (
        "flags of customers { f when any lines }",
        "flags of customers { f when any agents }",
    ),
    "SEG214": ("flags of customers { f when outcome }",),
    "SEG215": ('flags of customers { f when note matches "(a" }',),
    "SEG301": (
        "flags of customers { f when tags = x }",
        "flags of customers { f when tags in [x, y] }",
        "flags of customers { f when agent = 3 }",
    ),
    "SEG304": ("flags of customers { f when in largest making 50% of joined }",),
    "SEG305": (
        "flags of customers { f when every orders have amount }",
        "flags of customers { f when in top 10% among (spend) by spend }",
        "let w of customers = spend trusted when points",
        "target market of customers when spend",
    ),
    "SEG306": (
        "grid g from area pick first { | area => o | | north..south => x | }",
        'flags of customers { f when agent > "x" }',
    ),
    "SEG308": ("flags of customers { f when days until next anniversary of points < 3 }",),
    "SEG311": (
        "flags of customers { f when at least points orders }",
        "segments s of customers { a when vip leave when points < 3 for 1.5 reviews running "
        "otherwise b }",
        "segments s of customers { a when vip otherwise b } cap a at part by spend, rest to b",
    ),
    "SEG324": (
        "flags of customers { f when in top 10% by vip }",
        "segments s of customers { a when vip otherwise b } cap a at 3 by note, rest to b",
    ),
    "SEG325": ("let c of lines = median cost of all lines",),
    "SEG326": (
        "flags of customers { f when in top 150% by spend }",
        "flags of customers { f when in top quiet by spend }",
        "flags of customers { f when in top points by spend }",
    ),
    "SEG328": (
        "flags of customers { f when any docs in last 3 days }",
        "flags of customers { f when first docs then orders }",
        "flags of customers { f when median gap of docs > 3 }",
    ),
    "SEG580": (
        "segments s of customers { a when vip otherwise b } segments r of customers { a "
        "when vip otherwise b2 } cap a at 3 by spend, rest to b",
    ),
    "SEG581": (
        'segments s of customers { a when vip otherwise b } suppress zz when vip reason "r"',
    ),
    "SEG582": (
        "segments s of customers { a when vip otherwise b } cap a at 3 by spend, rest to a",
    ),
    "SEG586": (
        "segments s of customers { a when vip otherwise b } cap a at 3 by spend, rest to b "
        "cap b at 3 by spend, rest to a",
    ),
    "SEG583": ("persona p { spend 5 } flags of customers { f when p = 3 }",),
    "SEG584": (
        "segments s of customers { a when vip otherwise b } claims of s { persona p is a }",
    ),
    "SEG585": (
        'segments s of customers { a when vip otherwise b } suppress b when vip reason "r"',
    ),
}
"""Rules with one mistake, by the code that must be given for it, once and alone."""

TAKEN = {
    "features of links": """
        let senior = skill > 3
        let region_size of agents = region.size
        flags of customers { f when agent.senior g when agent.region_size > 3 }
    """,
    "sets of links": """
        segments g of agents { top when skill > 3 otherwise others }
        flags of customers { f when agent.g = top h when any calls where (taker.g != top) }
    """,
    "features of related rows": """
        let big of orders = amount > 3
        let heavy of orders = sum cost of lines
        let worst = greatest heavy of orders where (big)
        band size_band of heavy { small below 3 | large }
        flags of customers { f when worst > 3 g when any orders where (size_band = large) }
    """,
    "bands of features of links": """
        band age_band of began_days { fresh below 100 | old }
        let began_days = days since began
        flags of customers { f when agent.age_band = old }
    """,
    "flags of sets of flags": """
        flags of customers { f when vip g when t = c }
        segments s of customers { a when f otherwise b }
        segments t of customers { c when s = a otherwise d }
        flags of customers { h when g }
    """,
    "own past": """
        segments s of customers ladder b < a {
          a when (s was b 1 month ago or s entered a in last 30 days) and time in a of s < 100
          otherwise b unsure c
        }
        flags of customers {
          f when s moved up since 1 month ago  g when s left b in previous month
          h when s was c ever  i when time in b of s > 3
        }
    """,
    "tolerance": """
        segments s of customers {
          a when spend > 5 leave when debt < 3 for 2 reviews running stay at least 2 weeks
          b when vip leave when points < 3
          otherwise c
        }
    """,
    "all that governs": """
        segments s of customers { a when spend > 3 d when vip otherwise b }
        suppress s when points > 3 reason "r"
        suppress a when s2 = c reason "q"
        segments s2 of customers { c when vip otherwise e }
        override s for "cu1" to b until 2026-12-31 reason "d"
        cap a at 2 by points, rest to b
        cap b at few by weight, rest to d
        allot d of s { best 2 by points to desk best few by weight to letters rest to email }
        holdout 10% of each s spread over area salt "x"
        flags of customers { f when s = suppressed g when s = a and in top 3 with same s by spend }
        conditions of s { | segment | desk | | a, b | x | | rest | y | }
        target market of customers when spend > 3 reason "r"
    """,
    "grids": """
        segments s of customers { a when spend > 3 otherwise b }
        grid g1 of customers from s, tier, points pick the only one {
          | s    | tier     | points => desk | credit |
          | a    | silver.. | any    => x    | 1      |
          | a    | ..bronze | >= few => y    | 2      |
          | a    | ..bronze | < few  => y    | missing |
          | rest | any      | any    => z    | 0      |
        }
        grid g2 from debt, odd pick first {
          | debt     | odd => offer | since |
          | missing  | any => p     | 2026-01-01 |
          | > 100    | yes => q     | 2026-02-01 |
          | ..50     | no  => r     | missing |
        }
        grid g3 from tier, vip pick sum {
          | tier           | vip => points_3 | part_3 |
          | bronze, silver | any => 5        | 1.5    |
          | != gold        | yes => -2       | -2     |
          | rest           | no  => missing  | 1      |
        }
        grid g4 from area, wallet pick every {
          | area  | wallet  => offers |
          | north | any     => m      |
          | any   | >= 30%  => n      |
          | any   | missing => o      |
        }
        flags of customers {
          f1 when desk = x and credit > 0  f2 when offer = p or since > 2026-01-01
          f3 when points_3 > 3 and part_3 > 0.5  f4 when offers has any of [m, o]
        }
    """,
    "grids that leave nobody out": """
        grid g1 from area pick first { | area => o1 | | north => x | | rest => y | }
        grid g2 from spend pick the only one
          { | spend => o2 | | < 5 => 1 | | 5..10 => 2 | | 10.01.. => 3 | }
        grid g3 from wallet, tier pick first
          { | wallet  | tier   => o3 | | missing | any    => x | | < 5%    | gold   => y |
            | >= 5%   | any    => z  | | any     | ..gold => w | }
        grid g4 from weight pick the only one
          { | weight => o4 | | <= 1.5 => x | | > 1.5 => y | | missing => z | }
        segments s of customers { a when o1 = x and o2 > 1 and o3 = y and o4 = x otherwise b }
    """,
    "value, personas, claims": """
        let cost_of of customers = 5% of spend
        value profit of customers {
          revenue sum amount of orders in last 12 months less goods cost_of
          less sales 0 less marketing 0 less service spend ledger 12_000.50 give or take 1%
        }
        score warm { add points add 1 when vip take 2 when agent is missing }
        segments s of customers ladder b < a {
          a when warm > 3 and profit < 0 leave when warm < 2 otherwise b
        }
        persona p "P" { spend 5, warm 7 tags x tier gold agent "ag1" debt missing }
        claims of s {
          never a and outcome  more warm never lowers s  otherwise stays under 40% on gold
          a stays over 1%  persona p is a  flapping with tolerance < flapping without tolerance
          top 10% by warm bring at least 60% of spend
        }
    """,
    "later values": """
        knob limit = 3 from 1 to 9 then 5 since 2026-03-01
        flags of customers { f when points > limit g when any orders where (qty > limit) }
    """,
    "derived tables": """
        table accounts key account derived from deals
        table deals of accounts by account dated on { on date worth money }
        let bought = sum worth of deals
        flags of accounts { f when days since last deals > 3 g when (first worth of deals) > 3 }
        segments z of accounts {
          q when bought > 3 leave when no deals in last 30 days for 2 reviews running otherwise r
        }
    """,
    "identity": """
        identity of customers by note trust keys shared by at most 3
          { spend from total joined from oldest joined vip from any rest from newest joined }
    """,
}
