"""A firm with every part of a projection: its funnel, agents, life, line and levers."""

FIRM = """\
ruleset firm {
  language 1
  goal  "All at once"
  zone  "Europe/London"
  money GBP
}

knob reach  = 30% from 0% to 100%
knob staff  = 6 from 2 to 12
knob months = 6 months from 1 month to 12 months

table customers key customer_id {
  customer_id  text
  joined       date
  tier         ordered bronze < silver < gold
  spend_12m    money
  orders_12m   whole 0..500
  satisfaction number?
  price_point  money
  products     whole 1..20
  recency      number
  last_on      date
  region       one of north, south
  tenure       number
  minutes      number
  met_at       instant? until_outcome
  sold_at      instant? until_outcome
  renewed_at   instant? until_outcome
}

table transactions of customers by customer_id dated on {
  customer_id text
  on          date
  revenue     money
  cogs        money
}

table contacts of customers by customer_id dated at_time {
  customer_id    text
  at_time        instant
  channel        one of phone, email
  handle_minutes number
  wait_seconds   number
  abandoned      flag
}

segments worth of customers {
  complex_high when spend_12m > 10_000
  growth       when spend_12m > 1_000
  otherwise straight
}

funnel sales of customers {
  enquiry     at joined
  appointment at met_at     within 30 days
  sale        at sold_at    within 90 days value 5% of spend_12m cost advice 20 each
  retained    at renewed_at within 400 days
}

assume letter_odds = 1.1 to 1.4 { source experiment "letters" owner "M" until 2027-06-30 }
assume skill_odds = 1.1 to 1.4 { source judgement "workshop" owner "M" until 2027-06-30 }
assume speed = 1.1 to 1.4 { source judgement "workshop" owner "M" until 2027-06-30 }
assume nudge_chance = 5% to 10% { source judgement "workshop" owner "M" until 2027-06-30 }
assume response = 20% to 80% { source judgement "workshop" owner "M" until 2027-06-30 }
assume missold_share = 1% to 3% { source judgement "workshop" owner "M" until 2027-06-30 }
assume loss = 300 to 500 { source judgement "workshop" owner "M" until 2027-06-30 }
assume points = 1% to 2% { source judgement "workshop" owner "M" until 2027-06-30 }
assume growth_rate = 1% to 2% { source judgement "workshop" owner "M" until 2027-06-30 }

pool specialists "Chartered advisers" {
  agents 4
  hours  30 per week
  skill  5
  serves complex_high, growth
  cost   55 per hour
}
pool generalists {
  agents 8 from 8 to 13, 5 from 13 to 18.5
  serves complex_high, growth, straight
}
pool care_team { agents 10 }

pay volume "A sum per sale" {
  150 per sale
  5.5% of value
  times 2.2 for complex_high
  less 60 per failed check
  clawback 100%
  5 per passed check
  from 10 sales times 1.5
  from 20 sales plus 30
  20 per customer kept
  1% of value kept
  at most 4_000 per month
}
pay margin { 10% of margin }

effort of sales {
  time       minutes / 60
  elasticity 0.6 for complex_high, 0.2 for rest
  response   response
  supply     0
  paid by    volume
  pools      specialists, generalists
}
quality of sales {
  checked 60% for complex_high, 10% for rest
  failing 20% for complex_high, 5% for rest
  found   80%
  missold missold_share
  loss    loss
  cost    18
  wait    2 days
  drop    1%
  temptation 0.5
}
life spending of customers {
  sales     transactions value revenue - cogs cost serving 2.00 each
  tenure    grows by 1
  spend_12m sums keep 92%
  orders_12m counts keep 92%
  satisfaction drifts by 0 give or take 0.5
  price_point drifts by growth_rate give or take 8%
  products  steps by 1 with chance 3% for complex_high, 1% for rest
  recency   since sale by 1
  last_on   day of sale
  minutes   follows price by -0.8
  region    switches
  keeping   4.00 for complex_high, 1.00 for rest
  leaving   2% for complex_high, 5% for rest
}
line calls of contacts where (channel = phone) {
  arrives   at_time
  handling  handle_minutes
  waited    wait_seconds
  abandoned abandoned
  open      from 8 to 20
  pools     care_team
  target    20 for complex_high, 60 for rest
}
scenario routed "Words" {
  route complex_high to specialists reserve 1
  route straight to generalists after 60 seconds
  capacity specialists agents staff cost 45_000 once cost 4_000 monthly
  train generalists skill 4 odds skill_odds cost 900 once
  pay margin neutral cost
  qa pay none
  qa complex_high checked reach
  comms complex_high appointment odds letter_odds retained odds letter_odds cost 6 each
  process complex_high time times speed ceiling times speed
  process growth sale plus points from month 3 for months over 3 months keeping 50%
      deadweight nudge_chance pull_forward nudge_chance
}
scenario moved {
  comms growth satisfaction by 1 to 8 chance nudge_chance fall_back nudge_chance cost 20 each
  price growth price times speed
  terms straight value times speed leaving times speed
}
scenario first { priority complex_high reserve 2 process every segment handling times speed }
project sales {
  for 8 quarters runs 1_000 seed 7 compare routed against today
  hold cost target 100_000 }
project life_of of spending by worth { for 2 years compare moved against today }
project calls { compare first against today }
"""
