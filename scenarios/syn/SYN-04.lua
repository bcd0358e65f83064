-- A long sync under a moving source with gossip all the time: the node keeps the engine's target
-- fresh without flooding it, and reports as reached only what the engine has.
--
-- The catalogue asks for 200 ticks of SYNCING. At 50 ms a tick that alone is 10 s, so the usual run
-- takes 60; --long takes 200, or what the window has room for.
local follow = use "common/follow"

return {
  id = "SYN-04",
  title = "EL SYNCING for 200 T",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-14", "I-18", "I-23", "P-5"},
  known_deviations = {{cl = "op-node", what = "reports the source's heads as its own while the engine is syncing",
                       link = "https://github.com/ethereum-optimism/optimism/issues/17494"}},

  run = function(w)
    -- The engine gains one block a tick on a source that moves one a tick.
    local room = (w.length - 20) // 2
    local ticks = math.min(w.long and 200 or 60, room)
    local safe, finalized = w:block("B+" .. ticks), w:block("B+1")
    w:engine{backfill = 2}
    w:source{safe = safe, finalized = finalized}
    w:steady(1, {distance = w.length, feed = 2})
    w:never("the node reports a safe block that the engine does not have", function()
      local status = w:status()
      local reported = status and status.safe
      return reported and not w:has(reported), "status safe " .. tostring(reported)
    end)
    local from = w:mark()
    w:start()

    -- the source is a poll ahead at any time
    local function engine_is_there()
      return w:label("safe") ~= nil and w:heads().safe.number - w:label("latest").number <= 2
    end
    w:wait(ticks // 2)
    w:expect("the engine is still syncing half-way", not engine_is_there())
    w:within(ticks, "the engine catches up with the source", engine_is_there)
    local took = w:now()
    w:freeze()
    follow.settle(w, 3)

    -- one label forkchoice a tick, one a payload, and one for each that came before SYNCING ended
    local fcus, payloads = 0, 0
    for _, e in ipairs(w:events(from)) do
      if e.kind == "verb" and e.method == "feed" then payloads = payloads + 1 end
    end
    fcus = #follow.forkchoices(w, from)
    local polls = #follow.polls(w, from)
    w:expect("forkchoices (" .. fcus .. ") are at most one a poll (" .. polls
             .. ") and one a payload (" .. payloads .. ")", fcus <= polls + payloads + 1)
    w:expect("it took long enough to mean something", took >= ticks // 2)
  end,
}
