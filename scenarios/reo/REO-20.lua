-- What a real chain did: an L1 reorg of depth 7 orphaned L2 blocks that had been safe. The source's
-- safe block went 1758 -> 1740 and, 8 seconds later, to 1770 on the new branch. Source, L1 and
-- gossip replay the recording, one second a tick.
--
-- Without an L1 a node that holds its safe block (P-1) cannot tell that it died. Gossip of the new
-- branch, block by block, tells it enough not to put that branch above the dead safe block (I-03)
-- while it waits for the source.
local follow = use "common/follow"

-- The rows around the reorg: from the last one that calls block 1746 safe to the first that is well
-- up the new branch.
local function rows_of_reorg(w)
  local rows = {}
  for i, row in ipairs(w:moments()) do
    if row.safe and row.unsafe and row.unsafe.number >= 1750 and row.safe.number >= 1740
       and row.safe.number <= 1771 then
      rows[#rows + 1] = {i = i, unsafe = row.unsafe, safe = row.safe, finalized = row.finalized}
    end
  end
  w:expect("the timeline holds the reorg", #rows > 20)
  return rows
end

-- Gossip: what the sequencer built since the last row, on whichever branch.
local function gossip(w, last, unsafe)
  local parent = unsafe
  while not parent:is_ancestor_of(last) do parent = parent.parent end
  if parent ~= unsafe then w:feed(unsafe - (unsafe - parent - 1), unsafe) end
  return unsafe
end

local function replay(w, rows, with_l1)
  local first, last = rows[1], rows[#rows]
  w:engine{head = first.unsafe, safe = first.safe, finalized = first.finalized, backfill = 20}
  w:moment(first.i)
  w:start{l1 = with_l1}
  local function is_orphan(b) return b ~= nil and not b:is_ancestor_of(last.unsafe) end

  local fed, left, named, had_orphan = first.unsafe, nil, nil, false
  for k = 2, #rows do
    local row = rows[k]
    w:wait(1)
    if with_l1 and left and not named and row.safe.number > 1758 then
      -- 8 s of the recording after the source left the dead block, just before it names a newer one
      w:within(1, "the engine's safe block is no orphan any more",
               function() return not is_orphan(w:label("safe")) end)
    end
    w:moment(row.i)
    had_orphan = had_orphan or is_orphan(row.safe)
    fed = gossip(w, fed, row.unsafe)
    if had_orphan and not is_orphan(row.safe) then
      left = left or w:mark()
      if row.safe.number > 1758 then named = named or w:mark() end
    end
  end
  w:expect("the source called a block safe that died", had_orphan)
  w:expect("the source named the new branch", named ~= nil)
  follow.settle(w, 3)

  -- The second answer after the change is in the node's hands: no orphan is called safe any more.
  local since = with_l1 and left or named
  local polls = follow.polls(w, since)
  w:expect("the node polled after the source's change", #polls >= 2)
  for _, fcu in ipairs(follow.forkchoices(w, since)) do
    if fcu.seq > polls[2].done then
      w:expect("no forkchoice calls the orphan " .. tostring(fcu.safe) .. " safe (trace line "
               .. fcu.index .. ")", not is_orphan(fcu.safe))
    end
  end
  w:expect("the engine ends on the new branch", not is_orphan(w:label("latest")))
  w:expect("finalized never went back", first.finalized:is_ancestor_of(w:label("finalized")))
end

return {
  id = "REO-20",
  title = "Replay of a recorded L1 reorg that orphans safe blocks",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-reorgs"},
  covers = {"I-03", "I-05", "I-30", "P-1"},
  known_deviations = {{cl = "op-node", what = "safe is monotonic by number: the dead block stays safe, also beside the new head",
                       link = "https://github.com/ethereum-optimism/optimism/issues/21119"}},

  run = function(w)
    local rows = rows_of_reorg(w)
    replay(w, rows, true)
    w:stop()
    w:fresh()
    replay(w, rows, false)
  end,
}
