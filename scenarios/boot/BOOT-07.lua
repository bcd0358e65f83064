-- Tests that start at genesis hide this case: an engine far along the right chain must not be
-- rewound by the node's restart, and needs no walk back to find out where it is.
local follow = use "common/follow"

return {
  id = "BOOT-07",
  title = "Warm restart: EL already far along the right chain",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-04", "I-10", "R-2.2"},
  known_deviations = {{cl = "op-node", what = "the first forkchoice carries a payload with zero labels; labels follow with the first poll",
                       link = "https://github.com/ethereum-optimism/optimism/issues/20294"}},

  run = function(w)
    local head, old_safe, safe, finalized = w:at(400), w:at(330), w:at(340), w:at(40)
    w:engine{head = head, safe = old_safe, finalized = finalized}
    w:source{unsafe = head, safe = safe, finalized = finalized}
    w:start()
    local next_payload = head + 1
    w:every(function()
      if w:is_running() and next_payload.number <= head.number + 12 then
        w:feed(next_payload, next_payload + 1)
        next_payload = next_payload + 2
      end
    end)
    w:never("a forkchoice lowers the head", function()
      return follow.find(w, nil, function(fcu) return fcu.head.number < head.number end)
    end)

    w:within(2, "the engine's safe block is the source's",
             function() return w:label("safe") == safe end)
    local moved = follow.find(w, nil, function(fcu) return fcu.safe ~= old_safe end)
    w:expect("safe moves to the source's in one step", moved.safe, safe)
    w:wait(6)
    w:within(2, "the payloads extend the engine's chain",
             function() return w:label("latest") == head + 12 end)

    -- reads below the head that neither the labels nor the source's heads explain
    local explained = {[safe.number] = true, [old_safe.number] = true, [finalized.number] = true,
                       [w:block("G").number] = true}
    local deep, seen = 0, {}
    for _, call in ipairs(w:calls("engine", "eth_getBlockBy*")) do
      local n = call.result and call.result.number
      if not call.tag and n and n < head.number and not explained[n] and not seen[n] then
        seen[n] = true
        deep = deep + 1
      end
    end
    w:expect("blocks read in a walk back (at most 8): " .. deep, deep <= 8)
  end,
}
