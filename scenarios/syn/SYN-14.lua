-- The engine does not answer when it is asked for a block by number. That is no sign that it lacks the
-- block: no divergence, no way back.
local follow = use "common/follow"

return {
  id = "SYN-14",
  title = "Transient EL read error is not \"missing\"",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-10", "I-25"},

  run = function(w)
    local head, safe, finalized = w:at(360), w:at(350), w:at(40)
    follow.converged(w, head, safe, finalized)
    w:start()
    w:within(2, "the node follows", function() return w:status() and w:status().safe == safe end)
    for _, fault in ipairs{
      {kind = "http", http_status = 500}, {kind = "rpc_error", code = -32000, text = "busy"}, {kind = "reset"},
    } do
      local from = w:mark()
      fault.method = "eth_getBlockByNumber"
      fault.params = "*0x*" -- by number, not by label
      w:fault("engine", fault)
      w:source{unsafe = head, safe = safe + 1, finalized = finalized}
      w:wait(4)
      w:expect("forkchoices while it cannot be read (" .. fault.kind .. ")", #follow.forkchoices(w, from), 0)
      w:clear("engine")
      safe = safe + 1
      follow.settle(w, 3, "after " .. fault.kind .. " the source is followed")
      w:expect("the head stood", w:label("latest"), head)
    end
  end,
}
