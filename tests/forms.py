"""Every form of the language, once: what the tests of the front end read."""

WHOLE = """\
use "common/sites.seg"

ruleset gym {
  language 1
  goal     "Keep members who train, win back those who stopped"
  why      "Four of ten leave in their first year"
  owner    "Membership"
  zone     "Europe/Madrid"
  money    EUR
  review   every quarter  # when tolerance is counted
  fiscal year starts 1 september
}

# what may be turned
knob often      = 8      from 4 to 16 step 2
    then 10 since 2027-01-01
    then 12 since 2028-01-01  # agreed with the trainers
knob best_share = 15%    from 5% to 25%
knob quiet_time = 6 weeks from 2 weeks to 12 weeks

table trainers key trainer_id {
  trainer_id text
  grade      whole 1..4
}

table members key member_id {
  member_id  text           as "Member" purpose billing, care
  joined     date
  site       one of centre, harbour, station
  email      text?          sensitive trimmed casefolded
  phone      text?          protected digits steward "Front desk"
  fee        money?         from till
  level      ordered basic < plus < premium  # lowest first
  goals      set of strength, weight, company
  trainer    refers to trainers
  mood       whole 0..10?   kept observed
  quits_p    share?         derived predicted trusted when certainty >= 75%
  next_p     share?         predicted
  renewed    flag?          until_outcome
}

table visits of members by member_id key visit_id dated at {
  visit_id text
  at       instant
  minutes  number
}

table classes of members by member_id dated at { at date }
table households key household_id derived from members
table sites key site derived from members {
  site text
}

rows long_visits of visits where (minutes > 90)

identity of members by email, phone trust keys shared by at most 3 {
  fee    from till over web
  joined from oldest joined
  mood   from newest seen
  level  from largest
  goals  from any
  spent  from total
  rest   from newest seen
}

let tenure       = completed months from joined to as_of
let skill        = trainer.grade
let typical      = median fee of all members with same site and same level among (tenure > 3)
let upper        = quantile 75% of fee
let place        = rank of fee of all members with same site
let part         = share of total fee
let crowd        = count of all members
let peers        = count with same site
let lowest       = least fee of all members
let habit        = (count visits in last 3 months) / 3
    trusted when tenure >= 3
let last_mood    = mood as at 2 quarters ago
let mood_before  = mood as at end of previous fiscal quarter
let time_at_top  = time in loyal of standing
let party        = days until next anniversary of joined
let lately       = sum minutes of visits in last 6 rows
let this_year    = sum minutes of visits in this fiscal year
let booked       = count classes in next 14 days
let month_before = most common channel of visits in previous month
let first_length = first minutes of visits where (minutes > 0)
let days_away    = days since last visits

score warmth of members {
  add 3 when goals has any of [strength, company]
  take 1 when goals has none of [weight]
  add least(habit, often)
}

band recency of days_away { 3 up to 14 | 2 up to 60 | 1 }
band worth of fee { low below 30 | middle below best_share | high }

value margin of members {
  revenue       sum fee of invoices in last 12 months
  less space    rent / crowd
  less trainers sum cost of hours in last 12 months
  ledger        812_450.75 give or take 1%
}

segments standing of members ladder drifting < steady < loyal {
  staff "Staff and family"
      when fee = 0
  loyal
      when habit >= often and in top best_share of all members with same site by fee
      leave when habit < 4 for 2 reviews running
      stay at least 30 days
  steady "Comes and goes"
      when at least 2 visits in last 1 month with same room where (minutes > 20)
      leave when habit < 1
  otherwise drifting
  unsure unknown  # some rule unknown
}

flags of members {
  quiet "Not seen"  when days_away > 2 * typical
  fallen            when standing was loyal 1 quarter ago and standing != loyal
  ever_loyal        when standing was loyal ever or standing was loyal at last review
  year_end          when standing was loyal at end of previous fiscal year
  risen             when standing moved up at least 2 since 2 quarters ago
  sunk              when standing moved down since last review
  fresh             when standing entered loyal in last 7 days and not standing left steady
  fading            when first visits where (minutes > 60) then classes within 30 days
                         but no visits within 14 days
  paid              when every invoices where (open) have days_late < 30
  big               when in largest of all members making 80% of fee
                         and in bottom 50 among (fee > 0) by fee
}

suppress standing, gift when complaint_open reason "complaints first"
override standing for "M-1", "M-2" to loyal until 2027-12-31 reason "founders"
cap loyal of standing at 300 by margin, rest to steady
cap steady at often by fee, rest to drifting

allot drifting of standing { best 50 by margin to caller best 200 by fee to letter rest to email }

holdout 10% of each standing salt "autumn"
holdout 5% of each gift spread over site, level salt "gift"
target market of members when tenure >= 1
target market of members when fee > 0 reason "guests do not pay"

conditions of standing {
  | segment | desk    | notice  |
  | loyal   | any     | 30 days |
  | rest    | centre  | 14 days |
}

grid gift of members from standing, level, booked pick the only one {
  | standing     | level    | booked => gift   | points |
  | loyal        | plus..   | any    => towel  | 25     |
  | loyal        | ..basic  | >= 3   => bottle | 10     |
  | steady, loyal | any     | 1..2   => card   | 5      |
  | rest         | any      | any    => none   | 0      |
}

persona early_bird "Comes before work" { tenure 26, level premium, fee 480, site "centre" }

examples of standing as_of 2026-06-30 with site centre cut fee at 40, top 15% by margin at 900 {
  | fee     | habit => expect   | by        |
  | 0       | 9     => staff    | staff     |
  | missing | 0     => drifting | otherwise |
}

claims of standing {
  never loyal and quiet
  more warmth never lowers standing
  otherwise stays under 40% on sample
  loyal stays over 2%
  persona early_bird is loyal
  flapping with tolerance < flapping without tolerance
  top 10% by margin bring at least 60% of margin on golden
}

funnel return of members {
  asked at called_at
  came  at came_at within 30 days value fee cost call 4 each
}

assume warm_letter "Letters" = 1.1 to 1.3 {
  source experiment "spring letters"
  owner  "Membership"
  until  2027-06-30
}

pool desk "At the door" {
  agents 3 from 7 to 15, 2 from 15 to 22.5
  hours  35 per week
  skill  2
  serves drifting, steady
  cost   19.50 per hour
}

pay by_member "A sum a member" {
  40 per sale  # of any level
  2% of value
  1% of margin
  times 1.5 for loyal, 2 for rest
  less 25 per failed check
  clawback 50%
  3 per passed check
  from 10 sales times 1.2
  from 20 sales times 1.5 plus 10
  from 40 sales plus share_more
  5 per customer kept
  1% of value kept
  at most 900 per month
}

effort of return {
  time       minutes / 60
  elasticity 0.5 for loyal, 0.2 for rest
  response   20%
  supply     -0.1
  paid by    by_member
  pools      desk, trainers_pool
}

quality of return {
  checked    30% for loyal, 10% for rest
  failing    5%
  found      most_found
  missold    1%
  loss       80
  cost       4
  wait       1 day for loyal, 2 days for rest
  drop       3%
  temptation 0.5
}

life training of members {
  sales     invoices value amount - goods cost cleaning 1.20 each cost desk 2 each
  tenure    grows by 1
  fee       drifts by 1% give or take 4%
  mood      drifts by 0  # as it comes
  courses   steps by 1 for loyal, 2 for rest with chance 4%
  visits_3m counts keep 60%
  spent     sums
  days_away since sale by 30
  last_paid day of sale
  minutes   follows price by -0.4
  level     switches
  keeping   6 for loyal, 4 for rest
  leaving   2%
}

line desk_calls of calls where (kind = phone) {
  arrives   called_at
  handling  seconds / 60
  waited    wait
  abandoned hung_up and wait > 5
  open      from 8 to 20
  pools     desk
  target    30 for loyal, 90 for rest
}

scenario letters "Write to them" {
  comms drifting, steady came odds warm_letter cost 1 each
  qa every segment cost call_cost each
  qa pay none checked 20%
}

scenario people {
  route loyal to desk after 60 seconds reserve 1
  capacity desk, trainers_pool agents 4 cost 45_000 once cost 4_000 monthly
  train desk skill 3 odds skill_odds
  pay by_member neutral cost
  comms steady mood by 1 to 8 chance smile fall_back frown from month 3 for 6 months over 2 months
  terms every segment value times step leaving times step keeping 50% deadweight idle
  process loyal came plus more pull_forward early
  priority loyal reserve 2
}

scenario all = letters + calls

project return of standing by site {
  for     12 months
  runs    2_000
  seed    7
  compare letters, all against today
  hold    cost, sales
  target  10_000
}
"""
"""A file of a gym with every form in it; not quite as the formatter lays it out."""

FORMS = {
    "use": 'use "a/b.seg"',
    "heading": 'ruleset r { language 1 goal "g" why "w" owner "o" zone "UTC" money GBP '
    "purpose p review every month fiscal year starts 1 april }",
    "knob": "knob k = -5 from -10 to +10 step 1",
    "knob, later": "knob k = 30 days from 1 day to 90 days then 60 days since 2027-01-01 then 45 "
    "days since 2028-01-01",
    "main table": "table t key id dated d { id text d date? }",
    "column types": "table t key id { a text b whole c whole 0..9 d number e number -1.5..2.5 f "
    "money g share h flag i date j instant k one of x, y l ordered lo < mid < hi m set of x, y "
    "n refers to u }",
    "column properties": 'table t key id { a text as "A" from crm steward "S" purpose p, q '
    "until_outcome sensitive kept protected trimmed casefolded digits observed derived }",
    "predictions": 'table t key id { a share predicted b share? as "B" predicted trusted when c }',
    "related table": "table t of u by u_id { u_id text }",
    "related table, key": "table t of u by u_id key id dated at { id text at instant }",
    "derived table": "table t key id derived from u",
    "derived table, columns": "table t key id derived from u { id text }",
    "named rows": "rows r of t where (a > 1 or b)",
    "identity": "identity of t by a, b trust keys shared by at most 5 { a from x over y over z b "
    "from newest d c from oldest d e from total f from largest g from smallest h from any }",
    "identity, empty": "identity of t by a { }",
    "let": "let a of t = b",
    "let, trusted": "let a = b / c trusted when d and e",
    "score": "score s of t { add 1 when a add b take c take 2 when not d }",
    "band": "band b of a { 1 below 3 | 2 up to 30% | 3 up to 5 days | x below k | y }",
    "value": "value v of t { revenue a + b less goods c less work 2 * d ledger 1_000 give or "
    "take 1% }",
    "value, ledger knob": "value v of t { revenue a ledger books give or take 0.5% }",
    "segments": 'segments s of t { a "A" when x otherwise b "B" unsure c "C" }',
    "ladder": "segments s of t ladder a < b < c { }",
    "tolerance": 'segments s of t { a when x = "y" leave when z for 1 review running stay at '
    "least 2 weeks leave when w b when v stay at least 1 day otherwise c }",
    "text for a condition": 'segments s of t { a when "x" b "x" when "y" }',
    "flags": 'flags of t { a when b c "C" when d or e }',
    "suppress": 'suppress a, b when c reason "r"',
    "override": 'override s for "1", "2" to a until 2027-01-31 reason "r"',
    "cap": "cap a at 5 by b + c, rest to d",
    "cap of": "cap a of s at k by b, rest to d",
    "allot": "allot a of s { best 5 by b to c best k by d to e rest to f }",
    "allot, rest": "allot a of s { rest to f }",
    "hold-out": 'holdout 5% of each s salt "x"',
    "hold-out, spread": 'holdout 5% of each s spread over a, b salt "x"',
    "target": "target market of t when a",
    "target, reason": 'target market of t when a or b reason "r"',
    "conditions": "conditions of s { | a | b | | x | 5 days | | y | -5% | }",
    "grid": "grid g from a, b pick first { | a | b => c | | x, y | any => 1 | }",
    "grid of": "grid g of t from a pick sum { | a => c | | 2026-01-01..2026-06-30 => 1 | }",
    "grid, every": 'grid g from a pick every { | a => c | d | | "x", "y" => -1 | `z` | }',
    "grid, one": "grid g from a, b pick the only one { | a | b => c | | 3.. | ..gold => x | | < "
    "3 | != x => y | | = 1 | 1 day..5 days => z | | >= 5% | > 2 => w | | <= 1 | any => w | }",
    "persona": 'persona p "P" { a 5 b "x", c missing d 2026-01-01 e 5% f 3 days }',
    "examples": "examples of s as_of 2026-01-01 { | a => expect | | 1 => x | }",
    "examples, given": 'examples of s as_of 2026-01-01 with a 1, b "x" cut c at 5, top 5% by d '
    "at 6, bottom 10 by e at 7 { | a => expect | by | | 1 => x | y | }",
    "claims": "claims of s { never a and b > 1 more c never lowers s d stays under 5% e stays "
    "over 6% on f otherwise stays under 7% unsure stays under 8% on g persona p is d flapping "
    "with tolerance < flapping without tolerance top 5% by h bring at least 9% of i top 10 by "
    "h bring at least 9% of i on j }",
    "claims, empty": "claims of s { }",
    "funnel": "funnel f of t { a at b c at d within 3 days value e + 1 cost g 5 each cost h i "
    "each }",
    "assume": 'assume a "A" = 1 to 2 { source s "x" owner "o" until 2027-01-01 } assume b = 5% { }',
    "pool": 'pool p "P" { agents 3 serves a hours k per week skill 2.5 cost 5 per hour } pool q { '
    "agents a from 8 to 9.5, 5% from k to 18 serves a, b }",
    "pay": 'pay p "P" { 150 per sale 5% of value k of margin times 2 for a, k for rest times 3 '
    "less 6 per failed check clawback 100% 5 per passed check from 1 sales times 2 from 2 sales "
    "times 2 plus 3 from 4 sales plus k 1 per customer kept 1% of value kept at most 9 per month }",
    "effort": "effort of f { time a / 60 + count r elasticity 0.6 for a, k for rest response r "
    "supply -0.5 paid by p pools a, b } effort of g { time 3 for a, k for rest elasticity e }",
    "quality": "quality of f { checked 5% failing a for b, 5% for c found 1% missold m loss 4 cost "
    "5 for a, 6 for b wait 2 days drop 1% temptation 0.5 } quality of g { wait 1 day for a, k "
    "weeks for rest }",
    "life": "life l of t { sales r value a - b cost c 2.00 each cost d e each f grows by 1 g "
    "drifts by 1% give or take 8% h drifts by -1 for a, 1 for b i steps by 1 with chance 3% j "
    "counts k counts keep 92% l sums keep m n sums o since sale by 1 p day of sale q "
    "follows price by -0.8 r switches keeping 4 for a, 1 for rest leaving 2% }",
    "life, sales last": "life l of t { keeping 4 a switches sales r value count b }",
    "line": "line l of t { arrives a handling b / 60 waited c abandoned d > 1 and e open from 8 to "
    "20.5 pools p, q target 20 for a, 60 for rest }",
    "line, where": "line l of t where (a = b) { target k abandoned not a }",
    "levers": "scenario s { route a to p after 60 seconds reserve 1 route b to p after 1 second "
    "capacity p, q agents 6 cost 4 once cost k monthly train p skill 4 odds o pay p neutral cost "
    "pay p qa pay none qa pay none checked 5% qa a pay none checked k comms a b by 1 to 8 chance "
    "c fall_back d price a price times b terms a value times b process a time times b c plus 2% "
    "priority a reserve 2 comms a b by -1% chance c }",
    "timing": "scenario s { comms a b odds c from month 3 for 6 months over 1 quarter keeping 50% "
    "deadweight d pull_forward e price every segment b odds c from month k for l over m }",
    "project, more": "project p { for 8 quarters hold cost target 5 } project q { hold cost, sales "
    "target t }",
    "scenario": 'scenario s "S" { route a, b c odds d cost 5 each qa every segment cost e each }',
    "scenario, bundle": 'scenario s = a + b scenario t "T" = a',
    "project": "project f of s by a { for 12 months runs 5 seed 1 compare a, b against c }",
    "chains": "let a = b or c and not d or not not e",
    "comparisons": "let a = b = 1 or b != 2 or b < 3 or b <= 4 or b > 5 or b >= 6",
    "between": "let a = b between 1 + 2 and c and d",
    "members": 'let a = b in [x, 1, "y", 2026-01-01] and c not in [`in`, -5]',
    "missing": "let a = b is missing or c is known and (d if missing use 0) > 1",
    "texts": 'let a = b contains "x" or b starts_with "" or b ends_with "#" or b matches "[a-z]"',
    "sets": "let a = b has any of [x, y] or b has all of [x] or b has none of [1]",
    "was": "let a = s was x ever or s was x 2 months ago or s was x at last review or s was x at "
    "end of previous month or s was x last review or s was x end of previous fiscal year",
    "changed": "let a = s entered x or s left y in last 7 days or s entered z in previous fiscal "
    "quarter or s left x from 2026-01-01 to 2026-02-01",
    "moved": "let a = s moved up since 1 year ago or s moved down at least 2 since last review",
    "as at": "let a = b as at 2 quarters ago + b as at last review + (b + c) as at end of "
    "previous year",
    "time in": "let a = time in x of s",
    "column time": "let a = time in [x, y] or time > 1",
    "ranks": "let a = in top 5% by b or in bottom 10 by b + c or in top k with same d by b or in "
    "top 5 of all t with same d and same e among (f > 1) by b or in top 5% among (f) by b",
    "largest": "let a = in largest making 80% of b or in largest of all t with same c making k "
    "of b",
    "population, of all": "let a = mean b of all t",
    "population, same": "let a = sum (b + c) with same d and same e among (f)",
    "population, among": "let a = most common b among (c or d)",
    "population, first": "let a = first b of all t + last b of all t + greatest b with same c",
    "count of a population": "let a = count of all t + count with same b + count among (c)",
    "quantile": "let a = quantile 75% of b + quantile 5% of (b - c) of all t with same d",
    "rank": "let a = rank of b + rank of b with same c",
    "share of total": "let a = share of total b + share of total (b * c) of all t",
    "quantities of rows": "let a = at least 3 r or at most k r or fewer than 2 r or more than 1 "
    "r or exactly 4 r or any r or no r",
    "same rows": "let a = at least 2 r in last 3 months with same b where (c) or no r with same d",
    "every": "let a = every r have b > 1 or every r in last 5 days where (c) have d",
    "sequence": "let a = first r or first r in last 90 days where (b) then u where (c) within 3 "
    "days then v but no w where (d) within 5 weeks",
    "rolling windows": "let a = count r in last 90 days + count r in last k + count r in last 6 "
    "rows + count r in last 1 row + count r in next 2 weeks + count r in next k",
    "calendar windows": "let a = count r in this month + count r in previous fiscal year + count "
    "r in this quarter",
    "fixed windows": "let a = count r from 24 to 18 months ago + count r from 2026-01-01 to "
    "2026-03-31",
    "bare window": "let a = count r in last month",
    "aggregates": "let a = count distinct b of r + count distinct (b + c) of r where (d) + sum b "
    "of r in last 5 days + mean (b) of r + median b of r + most common b of r + least b of r + "
    "greatest b of r + first b of r + last b of r in last 3 rows where (c)",
    "arithmetic": "let a = -b + c * d / 2 - +e div 3 mod 4 - (f - g) + 5% of h + 3 days + 20%",
    "extremes": "let a = least(b, 5, c + d) + greatest(e, f)",
    "paths": "let a = b.c + `d e`.f.g and h . i > 1",
    "days since": "let a = days since b + days since (b) + days since last r where (c) + days "
    "since first r",
    "days until": "let a = days until next anniversary of b",
    "completed": "let a = completed years from b to c + completed month from (b) to as_of",
}  # fmt: skip
"""A text for each form, by name; together they use every rule of the grammar."""
