-- A reorg deeper than the engine allows: a new code that older nodes do not know. Nothing the node
-- can do mends it, so it says so, freezes the labels, and does not hammer.
local follow = use "common/follow"

return {
  id = "ENG-09",
  title = "-38006 too deep reorg",
  priority = "P1",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-18", "R-2.16"},

  run = function(w)
    local base, finalized = w:at(300), w:at(40)
    local fork = w:fork("x", base, 60)
    local head, safe, old_safe = fork - 20, base + 20, base - 10
    w:engine{profile = "deep:16", knows = base + 40, head = head, safe = old_safe,
             finalized = finalized}
    w:source{unsafe = safe, safe = safe, finalized = finalized}
    local from = w:mark()
    w:start()
    w:within(3, "the engine says that the reorg is too deep", function()
      return follow.find(w, from, function(fcu) return fcu.code == -38006 end)
    end)
    w:wait(8)
    local n = #follow.forkchoices(w, from)
    w:expect("attempts (" .. n .. ") are at most one a tick", n <= 12)
    w:expect("the head stays", w:label("latest"), head)
    w:expect("safe stays", w:label("safe"), old_safe)
    w:expect("it is said", w:said("Too deep reorg") > 0)
    w:expect("the node runs", w:is_running())
    w:profile("deep:60")
    w:within(3, "it follows once the engine allows it", function() return follow.is_settled(w) end)
  end,
}
