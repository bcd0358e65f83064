-- Following an execution node takes two reads, and the source may do anything between them: move on,
-- or go over to a branch that does not hold the finalized block it has just named.
local follow = use "common/follow"

-- Moves the source while a poll has its finalized block and not yet its safe one.
local function between_reads(w, heads)
  w:fault("source", {kind = "hold", method = "eth_getBlockByNumber", params = "*safe*", count = 1})
  w:within(2, "the read of safe is under way", function() return w:held("source") > 0 end)
  w:source(heads)
  w:release("source")
end

return {
  id = "ATO-03",
  title = "Source moves between the two reads",
  priority = "P0",
  applies = "L",
  variants = {"A"},
  fixtures = {"devnet-forks"},
  covers = {"I-02", "I-03", "I-07"},

  run = function(w)
    local head, safe, finalized = w:at(300), w:at(290), w:at(250)
    follow.converged(w, head, safe, finalized)
    local branch = w:fork("x", w:at(240), 200)
    w:engine{knows = branch}
    w:engine{knows = w:at(420)}
    w:start()
    w:within(2, "the node is up", function() return w:status() ~= nil end)

    for _, d in ipairs{1, 10, 100} do
      safe, finalized = safe + d, finalized + d
      between_reads(w, {unsafe = safe, safe = safe, finalized = finalized})
      follow.settle(w, 4, "labels are the source's, " .. d .. " blocks on")
    end

    local from = w:mark()
    between_reads(w, {unsafe = branch, safe = branch - 20, finalized = branch - 70})
    w:wait(3)
    w:expect("forkchoices for a source that left our finalized block", #follow.forkchoices(w, from), 0)
    between_reads(w, {unsafe = safe + 5, safe = safe + 3, finalized = finalized})
    follow.settle(w, 4, "the source is back, and followed")
  end,
}
