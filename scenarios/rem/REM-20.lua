-- Three sources by name: nobody at the first, the second of another chain, the third good. The node
-- finds the third, says nothing of the second to the engine, and finds it again after an outage.
local follow = use "common/follow"

return {
  id = "REM-20",
  title = "A list of sources, of which one is good",
  priority = "P1",
  applies = "L",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"R-7.1", "I-11", "R-2.3"},

  run = function(w)
    local safe, finalized = w:at(300), w:at(250)
    local flag = w.variant == "A" and "--safe-source.l2-rpc=" or "--l2.follow.source="
    w:engine{head = safe + 20, safe = safe - 10, finalized = finalized}
    w:source{unsafe = safe + 20, safe = safe, finalized = finalized}
    w:start{args = {flag .. "http://127.0.0.1:9,{l1},{source}"}}
    w:within(12, "the good one is followed", function() return follow.is_settled(w) end)
    w:expect("the first way there was by the others", w:said("turns to the next source") >= 2)
    w:source{safe = safe + 5, finalized = finalized + 5}
    w:within(4, "its news are taken", function() return follow.is_settled(w) end)

    local from = w:mark()
    w:port("source", "closed")
    w:wait(12)
    w:expect("it lives", w:is_running())
    w:expect("forkchoices meanwhile", #follow.forkchoices(w, from), 0)
    w:port("source", "open")
    w:source{safe = safe + 9, finalized = finalized + 9}
    w:within(12, "it is found again", function() return follow.is_settled(w) end)
  end,
}
