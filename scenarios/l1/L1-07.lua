-- An L1 that fails one call in four, with a node behind its URL that never heard of the last reorg.
-- Labels whose origins the L1 calls canonical are followed all the same, though not at each poll; of
-- a branch that the reorg orphaned no label is written, whatever the source says.
local follow = use "common/follow"

return {
  id = "L1-07",
  title = "Flaky and skewed L1",
  priority = "P1",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-reorgs"},
  covers = {"I-30", "P-3"},

  run = function(w)
    local finalized, head = w:block("B+260"), w:block("B+400")
    local safe, orphan = w:block("B+286"), w:block("orphan-1613@286+7")
    w:engine{head = head, safe = safe, finalized = finalized, knows = orphan}
    w:source{unsafe = head, safe = safe, finalized = finalized}
    w:l1{tip = 900}
    w:start{l1 = true}
    w:within(4, "the node follows", function() return w:status() and w:status().safe == safe end)
    local from = w:mark()
    w:source{unsafe = orphan, safe = orphan, finalized = finalized + 4}
    w:wait(6)
    w:expect("the source was heard", #follow.polls(w, from) > 2)
    w:expect("and the engine did not hear of it", #follow.forkchoices(w, from), 0)

    w:source{unsafe = head, safe = safe, finalized = finalized}
    w:l1{backends = {0, 0, 0, 0, {branch = "orphan-806"}}, by = "chance"}
    w:fault("l1", {kind = "http", probability = 0.25})
    from = w:mark()
    w:steady(2)
    local ticks = w.long and 60 or 24
    w:wait(ticks)
    w:freeze()
    local named, last = 0, safe
    for _, fcu in ipairs(follow.forkchoices(w, from)) do
      if fcu.safe and fcu.safe ~= last then named, last = named + 1, fcu.safe end
    end
    -- A poll needs two answers, both right: 36 % of them have that, and half of those are asked for.
    w:expect("labels moved (" .. named .. ") at a sixth of the polls or more", named >= ticks // 6)
    w:clear("l1")
    follow.settle(w, 8, "the labels are those of the source")
  end,
}
