-- What the head has passed, and what cannot follow it, has no business at the engine.
local follow = use "common/follow"

return {
  id = "UNS-08",
  title = "Stale and inapplicable payloads are dropped before the engine",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-03", "I-10"},

  run = function(w)
    local head, safe, finalized = w:at(300), w:at(290), w:at(280)
    follow.converged(w, head, safe, finalized)
    local sibling = w:fork("x", head - 1, 5) - 3 -- a child of head's sibling
    w:start()
    w:within(2, "the node follows", function() return w:status() and w:status().safe == safe end)
    local from = w:mark()
    for _ = 1, 5 do
      w:feed(finalized - 1)
      w:feed(safe)
      w:feed(head - 1)
      w:feed(head)
      w:feed(sibling)
    end
    w:within(2, "all were handed in", function() return w:feeding() == 0 end)
    w:wait(3)
    w:expect("height of the sibling's child", sibling.number, head.number + 1)
    w:expect("payloads that reached the engine", #w:calls("engine", "engine_newPayload*", from), 0)
    w:expect("the head stands", w:label("latest"), head)
    w:feed(head + 1)
    w:within(2, "the next block goes in", function() return w:label("latest") == head + 1 end)
  end,
}
