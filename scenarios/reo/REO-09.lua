-- Two replicas on two branches answer in turn. Every forkchoice is of one branch (judged from the
-- trace); lightcl does not swing with each answer; it ends on the branch that stays.
local follow = use "common/follow"

return {
  id = "REO-09",
  title = "Source flips between two forks each poll",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-03", "I-07", "P-2"},

  run = function(w)
    local finalized = w:at(300)
    local tip = w:fork("x", w:at(330), 60)
    local b, x = w:at(350), tip - 38
    w:engine{knows = tip, head = b, safe = b - 5, finalized = finalized}
    w:source{unsafe = b, safe = b, finalized = finalized}
    w:start()
    follow.settle(w, 2)
    local from = w:mark()
    for round = 1, 20 do
      local at = round % 2 == 0 and b or x
      w:source{unsafe = at, safe = at, finalized = finalized}
      w:wait(1)
    end
    w:source{unsafe = b, safe = b, finalized = finalized}
    follow.settle(w, 4, "the branch that stays is followed")
    local switches, at = 0, b
    for _, fcu in ipairs(follow.forkchoices(w, from)) do
      if fcu.head ~= at then switches, at = switches + 1, fcu.head end
    end
    w:expect("it ends on the branch that stays", w:label("latest"), b)
    local most = w.cl == "lightcl" and 8 or 21 -- damped, or one a poll
    w:expect("switches in 20 polls (" .. switches .. ") are at most " .. most, switches <= most)
  end,
}
