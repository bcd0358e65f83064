-- A node that sends a forkchoice at genesis first ends the engine's snap sync before it began: the
-- engine then stays at genesis for ever. The source knows better; so must the first forkchoice.
local follow = use "common/follow"

return {
  id = "BOOT-01",
  title = "First forkchoice on an empty EL carries the remote heads",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-01", "I-06", "I-07", "R-2.2"},
  known_deviations = {{cl = "op-node", what = "a forkchoice answered SYNCING counts as sent: labels stay unset until the source moves",
                       link = "https://github.com/ethereum-optimism/optimism/pull/20310"}},

  run = function(w)
    local genesis = w:block("G")
    local safe, finalized = w:at(340), w:at(40)
    w:engine{profile = "snap", backfill = 50}
    w:source{safe = safe, finalized = finalized}
    w:steady(1)
    w:never("a forkchoice names genesis", function()
      return follow.find(w, nil, function(fcu)
        return fcu.head == genesis or fcu.safe == genesis or fcu.finalized == genesis
      end)
    end)
    w:start()

    local first = w:within(2, "a first forkchoice", function() return follow.forkchoices(w)[1] end)
    w:expect("its head is its safe block", first.head, first.safe)
    local from_one_poll = false
    for _, poll in ipairs(follow.polls(w)) do
      if poll.done < first.seq and poll.safe == first.safe and poll.finalized == first.finalized then
        from_one_poll = true
      end
    end
    w:expect("safe and finalized are those of one answer served before it", from_one_poll)

    -- 340 blocks at 50 a tick, towards a target that moves on
    w:within(10, "the engine has the head it was told",
             function() return w:label("latest").number >= safe.number end)
    w:freeze()
    follow.settle(w, 3)
  end,
}
