-- Unsafe blocks are imported as they come, not when a ticker fires: one newPayload and one
-- forkchoice each, at once.
local follow = use "common/follow"

local BLOCKS, PER_TICK = 100, 4

return {
  id = "UNS-01",
  title = "In-order payloads, one NP + one FCU each, immediately",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-15", "I-24", "I-29", "R-3.1"},

  run = function(w)
    local head, safe, finalized = w:at(200), w:at(200) - 20, w:at(40)
    follow.converged(w, head, safe, finalized)
    w:start()
    w:within(2, "the node is up", function() return w:status() ~= nil end)
    local from = w:mark()
    for k = 1, BLOCKS do
      local block = head + k
      w:feed(block)
      w:within(1, "the engine's head is payload " .. k,
               function() return w:label("latest") == block end)
      if k % PER_TICK == 0 then w:wait(1) end
    end

    -- A forkchoice that only moves the labels under the same head may come in between.
    local calls, handed, at_head = {}, {}, head
    for _, e in ipairs(w:events(from)) do
      if e.kind == "verb" and e.method == "feed" then
        handed[e.block.number] = e
      elseif e.kind == "call" and e.endpoint == "engine" and e.method:find("^engine_") then
        local moves_labels = e.head and e.head == at_head
        local writes = e.method:find("newPayload") or e.method:find("forkchoiceUpdated")
        at_head = e.head or at_head
        if writes and not moves_labels then calls[#calls + 1] = e end
      end
    end
    local at, waits = 1, {}
    for k = 1, BLOCKS do
      local block = head + k
      local np, fcu = calls[at], calls[at + 1]
      w:expect("call " .. at .. " is the newPayload of " .. block,
               np and np.method:find("newPayload") and np.block == block)
      w:expect("call " .. (at + 1) .. " is the forkchoice to " .. block,
               fcu and fcu.method:find("forkchoiceUpdated") and fcu.head == block)
      waits[#waits + 1] = np.ms - handed[block.number].ms
      at = at + 2
    end
    w:expect("calls to the engine beyond those", #calls, 2 * BLOCKS)

    -- A node that imports on its ticker polls once a payload; one that imports at once polls while
    -- this script waits, once in PER_TICK, and a little more on a busy machine.
    local polls = #follow.polls(w, from)
    w:expect("payloads do not wait for polls: " .. polls .. " polls in " .. BLOCKS .. " payloads",
             polls * 4 <= BLOCKS * 3)
    table.sort(waits)
    local limit = w.cl == "lightcl" and 50 or 500
    w:expect("half of the payloads wait at most " .. limit .. " ms for their newPayload, not "
             .. waits[BLOCKS // 2], waits[BLOCKS // 2] <= limit)
  end,
}
