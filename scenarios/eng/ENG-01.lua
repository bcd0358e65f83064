-- An engine that refuses a forkchoice is asked again once a poll, with what is true by then, and
-- nobody is told meanwhile that it was accepted.
local follow = use "common/follow"

local function refusals(w, from)
  local n = 0
  for _, fcu in ipairs(follow.forkchoices(w, from)) do
    if fcu.code == -38002 then n = n + 1 end
  end
  return n
end

-- It refuses for a while, the source moves meanwhile.
local function refused(w, rule, ticks)
  local head = w:at(300)
  follow.converged(w, head, head - 20, head - 60)
  w:start()
  follow.settle(w, 2)
  w:wait(2)
  local from = w:mark()
  rule.kind, rule.method, rule.code = "rpc_error", "engine_forkchoiceUpdated*", -38002
  rule.text = "Invalid forkchoice state"
  w:fault("engine", rule)
  w:advance(5)
  local safe = w:heads().safe
  w:within(2, "the engine refuses", function() return refusals(w, from) > 0 end)
  w:wait(ticks)
  w:expect("the engine's labels did not move", ticks == 0 or w:label("safe") == head - 20)
  local status = w:status()
  w:expect("the node does not call safe what was refused",
           ticks == 0 or not status or status.safe ~= safe)
  local n = refusals(w, from)
  w:expect(n .. " refused forkchoices are at most one a tick", n <= ticks + 3)
  w:clear("engine")
  follow.settle(w, 2, "it is repaired once the engine accepts")
  w:stop()
  w:fresh()
end

return {
  id = "ENG-01",
  title = "-38002 once, then persistent",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-14", "I-18", "P-6"},

  run = function(w)
    refused(w, {count = 1}, 0)
    refused(w, {}, w.long and 30 or 10)

    -- An empty engine that refuses what it does not know and starts no sync: after two refusals
    -- labels are left out until it has the blocks.
    w:wipe()
    w:engine{profile = "38002", backfill = 50}
    local safe, finalized = w:at(90), w:at(20)
    w:source{unsafe = safe, safe = safe, finalized = finalized}
    local from = w:mark()
    w:start()
    w:within(4, "it syncs all the same", function() return w:label("latest") == safe end)
    follow.settle(w, 3)
    -- with labels again after a SYNCING, in case the engine has the blocks by then
    local n = refusals(w, from)
    w:expect("refusals before (" .. n .. ") are at least two, and less than the forkchoices",
             n >= 2 and n < #follow.forkchoices(w, from))
  end,
}
