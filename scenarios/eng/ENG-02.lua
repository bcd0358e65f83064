-- The engine finds out late that a block it took is bad. The head stands on it; the node lets go of
-- it, and safe goes on.
local follow = use "common/follow"

return {
  id = "ENG-02",
  title = "FCU status INVALID for our current head",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-12", "I-18"},

  run = function(w)
    local base, finalized = w:at(330), w:at(40)
    local safe, head = base + 10, base + 40
    local bad = base + 35
    w:engine{head = head, safe = safe - 5, finalized = finalized}
    w:source{unsafe = safe, safe = safe, finalized = finalized}
    w:start()
    follow.settle(w, 2)
    w:wait(2)
    local from = w:mark()
    w:profile("inv:" .. bad)
    w:expect("the engine stands below it", w:label("latest"), bad - 1)
    w:advance(2)
    w:within(3, "safe moves on, on a head that is valid", function()
      return follow.is_settled(w) and w:label("latest").number < bad.number
    end)
    local settled = w:mark()
    w:wait(6)
    local to_bad, late = 0, 0
    for _, fcu in ipairs(follow.forkchoices(w, from)) do
      if bad:is_ancestor_of(fcu.head) then to_bad = to_bad + 1 end
    end
    for _, fcu in ipairs(follow.forkchoices(w, settled)) do
      if bad:is_ancestor_of(fcu.head) then late = late + 1 end
    end
    w:expect("forkchoices to the rejected head (" .. to_bad .. ") are at most 3", to_bad <= 3)
    w:expect("and none once it was let go", late, 0)
    w:advance(2)
    follow.settle(w, 2, "safe keeps moving")
  end,
}
