-- An engine that is SYNCING to everything for ever. The node neither floods it nor gives up; when it
-- works again, so does the node.
local follow = use "common/follow"

return {
  id = "SYN-05",
  title = "EL never finishes",
  priority = "P1",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-18", "I-23", "P-5"},

  run = function(w)
    local head = w:at(200)
    w:engine{profile = "stuck", head = head, safe = head - 20, finalized = head - 60}
    w:source{unsafe = head, safe = head - 10, finalized = head - 50}
    w:steady(1, {feed = 2})
    local from = w:mark()
    w:start()
    local ticks = w.long and 60 or 30
    w:wait(ticks)
    w:expect("nothing moved", w:label("latest"), head)
    w:expect("the node runs", w:is_running())
    local fcus = #follow.forkchoices(w, from)
    local nps = #w:calls("engine", "engine_newPayload*", from)
    w:expect(fcus .. " forkchoices in " .. ticks .. " ticks", fcus <= 3 * ticks)
    w:expect(nps .. " payloads in " .. ticks .. " ticks", nps <= 3 * ticks)
    w:freeze()
    w:profile("geth")
    w:engine{backfill = 50}
    follow.settle(w, 4, "it follows when the engine works")
  end,
}
