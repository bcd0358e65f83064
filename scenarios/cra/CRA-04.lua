-- The engine's process ends while a forkchoice is under way, before or after it took effect, and
-- comes back with or without what it had done.
local follow = use "common/follow"

-- fault: what becomes of the forkchoice; lost: blocks that did not survive.
local function killed(w, profile, fault, lost)
  local head = w:at(300)
  w:engine{profile = profile, head = head, safe = head - 20, finalized = head - 60, backfill = 25}
  w:source{unsafe = head, safe = head - 20, finalized = head - 60}
  w:start()
  follow.settle(w, 2)
  local from = w:mark()
  w:fault("engine", fault)
  w:advance(3)
  w:within(2, "a forkchoice is under way", function()
    if fault.kind == "hold" then return w:held("engine") > 0 end
    return w:label("safe") == head - 17
  end)
  w:kill_engine()
  w:clear("engine")
  w:wait(3)
  w:expect("the node runs", w:is_running())
  w:restart_engine(lost)
  w:within(6, "engine and source agree again", function()
    return follow.is_settled(w) and w:label("latest").number >= head.number - 17
  end)
  w:expect("by a forkchoice after the restart or before", #follow.forkchoices(w, from) > 0)
  w:stop()
  w:fresh()
end

return {
  id = "CRA-04",
  title = "EL killed in the middle of a FCU",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-26", "I-22"},

  run = function(w)
    local fcu = "engine_forkchoiceUpdated*"
    for _, profile in ipairs{"geth", "reth"} do
      killed(w, profile, {kind = "hang", method = fcu, count = 1, apply = true}, 0)
      killed(w, profile, {kind = "hang", method = fcu, count = 1, apply = true}, 4)
    end
  end,
}
