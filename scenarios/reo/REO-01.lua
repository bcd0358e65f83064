-- The engine stands on another branch at the height the source calls safe. All three heads go over
-- together, in one forkchoice: unsafe becomes safe.
local follow = use "common/follow"

-- is_known: the engine has the source's blocks already; else its peers give them.
local function diverge(w, base, is_known)
  local fork = w:block("x@" .. (base.number - w:block("B+0").number) .. "+60")
  local safe, finalized = base + 20, w:at(40)
  if is_known then
    w:engine{knows = base + 60, head = fork, safe = base - 10, finalized = finalized, backfill = 0}
  else
    w:engine{head = fork, safe = base - 10, finalized = finalized, backfill = 50}
  end
  w:source{unsafe = base + 40, safe = safe, finalized = finalized}
  w:start()

  local switch = w:within(2, "a forkchoice with the source's safe block as head and safe", function()
    return follow.find(w, nil, function(fcu) return fcu.head == safe and fcu.safe == safe end)
  end)
  w:expect("its finalized block is the source's", switch.finalized, finalized)
  w:within(is_known and 2 or 4, "the engine's canonical block is the source's", function()
    return w:canonical(safe.number) == safe and follow.is_settled(w)
  end)
  w:within(2, "the node says that its unsafe block is the source's safe one", function()
    local status = w:status()
    return status and status.unsafe == safe, "status unsafe " .. tostring(status and status.unsafe)
  end)
  w:wait(4)
  local accepted = 0
  for _, fcu in ipairs(follow.forkchoices(w)) do
    if fcu.head == safe and fcu.safe == safe and fcu.status == "VALID" then
      accepted = accepted + 1
    end
  end
  w:expect("forkchoices that switched the branch", accepted, 1)
  w:feed(safe + 1, safe + 3)
  w:within(2, "payloads of the source's branch extend it",
           function() return w:label("latest") == safe + 3 end)
end

return {
  id = "REO-01",
  title = "Local chain differs at the remote safe height",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-03", "I-09", "R-2.6"},
  known_deviations = {{cl = "op-node", what = "a forkchoice to a branch the engine lacks is answered SYNCING once and never sent again",
                       link = "https://github.com/ethereum-optimism/optimism/pull/20310"}},

  run = function(w)
    local base = w:at(330)
    w:fork("x", base, 60)
    diverge(w, base, true)
    w:stop()
    w:fresh()
    diverge(w, base, false)
  end,
}
