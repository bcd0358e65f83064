/*
 * op-reth's methods on the engine's ports: which there are, and the requests as its decoder takes
 * them. What newPayload, forkchoiceUpdated and getPayload do afterwards is shared with op-geth's
 * (engine_np.c, engine_fcu.c, engine_build.c); nobody outside mocks/rpc includes it.
 */
#ifndef LS_MOCKS_RETH_RPC_H
#define LS_MOCKS_RETH_RPC_H

#include "mocks/rpc/engine_parts.h"

/* The method is one of those the port has. */
bool ls_reth_has(const char *method, bool is_public);
/* "Method not found". */
void ls_reth_no_method(struct ls_rpc_call *call);

/* The parameters of engine_newPayloadV<version> and what its version and fork ask of them. false:
 * the call has failed. */
bool ls_reth_take_np(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version,
                     struct ls_np_args *n);
/* The parameters of engine_forkchoiceUpdated, all versions. */
bool ls_reth_take_fcu(struct ls_engine_port *e, struct ls_rpc_call *call, struct ls_forkchoice *f,
                      bool *has_attributes, struct ls_attributes *at);
/* The parameter of engine_getPayload. */
bool ls_reth_take_payload_id(struct ls_engine_port *e, struct ls_rpc_call *call, uint8_t id[8]);

/* Answers every other method ls_reth_has knows, but debug_setHead. */
void ls_reth_other(struct ls_engine_port *e, struct ls_rpc_call *call, bool is_public);

#endif
