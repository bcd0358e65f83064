/*
 * Replays recorded calls of a real engine against ours.
 *
 *   engine_corpus --chain DIR… [--profile NAME] [--show ID] [-v] FILE…
 *   engine_corpus --chain DIR --pack OUT NAME=FILE…
 *
 * DIR holds the blocks and altered payloads the sequences in FILE refer to (corpus.h); --chain
 * given again adds the blocks of further fixture folders. FILE may also be a recorded conversation,
 * a folder or lines with peers (talk.h). --show prints both sides of one sequence, or of the
 * conversation of that path, -v of every answer that differs. The last line has the sums; the exit
 * code is 0 only when nothing differs. --pack writes our form of it all to folder OUT, each FILE as
 * NAME.ndjson.zst.
 */
#include <stdio.h>
#include <string.h>

#include "tests/engine_corpus/replay.h"
#include "tests/engine_corpus/talk.h"

static int usage(void)
{
    (void)fprintf(stderr,
                  "usage: engine_corpus --chain DIR... [--profile NAME] [--show ID] [-v] FILE...\n"
                  "       engine_corpus --chain DIR --pack OUT NAME=FILE...\n");
    return 2;
}

static void run_line(void *self, const char *line, size_t n)
{
    ls_replay_run(self, line, n);
}

static void add_tally(struct ls_tally *sum, const struct ls_tally *t)
{
    sum->calls += t->calls;
    sum->equal += t->equal;
    sum->execution += t->execution;
    sum->different += t->different;
    sum->undecided += t->undecided;
    sum->raced += t->raced;
    sum->excluded += t->excluded;
}

static void print_talks(const struct ls_talk_sum *s)
{
    if (s->talks > 0) {
        (void)printf(
            "conversations %lu, label readings %lu, answers of others left out %lu\n"
            "engine lives %lu, blocks there from the start %lu, from peers %lu, from others "
            "%lu, heads taken back %lu\n",
            s->talks, s->probes, s->foreign, s->world.lives, s->world.there, s->world.synced,
            s->world.given, s->world.rewound);
    }
}

static int replay(struct ls_corpus *corpus, const struct ls_replay_options *o, char *const *files,
                  size_t n)
{
    struct ls_replay *r = ls_replay_new(corpus, o);
    struct ls_talk *talk = ls_talk_new(corpus, o);
    for (size_t i = 0; i < n; i++) {
        if (ls_talk_is(files[i])) {
            ls_talk_run(talk, files[i]);
        } else {
            ls_corpus_lines(files[i], run_line, r);
        }
    }
    struct ls_tally t = ls_replay_total(r);
    struct ls_talk_sum talks = ls_talk_total(talk);
    ls_replay_print(r);
    print_talks(&talks);
    add_tally(&t, &talks.tally);
    (void)printf("sequences %lu, calls %lu, equal %lu, execution %lu, different %lu, "
                 "of them nondeterministic %lu, after a race %lu, excluded %lu; "
                 "disk behind in %lu sequences\n",
                 ls_replay_sequences(r) + talks.talks, t.calls, t.equal, t.execution, t.different,
                 t.undecided, t.raced, t.excluded, ls_replay_late(r));
    ls_talk_free(talk);
    ls_replay_free(r);
    return t.calls > 0 && t.different == 0 ? 0 : 1;
}

#define CHAINS_MAX 8u

static void open_chains(struct ls_corpus *corpus, const char *const *chains, size_t n)
{
    ls_corpus_open(corpus, chains[0]);
    for (size_t i = 1; i < n; i++) {
        ls_corpus_extend(corpus, chains[i]);
    }
}

int main(int argc, char **argv)
{
    struct ls_replay_options o = {.profile = "geth"};
    const char *chains[CHAINS_MAX];
    size_t chain_count = 0;
    const char *pack = NULL;
    struct ls_corpus corpus;
    int i = 1;
    int code = 0;
    for (; i < argc && argv[i][0] == '-'; i++) {
        bool is_chain = strcmp(argv[i], "--chain") == 0 && chain_count < CHAINS_MAX;
        const char **value = is_chain                            ? &chains[chain_count++]
                             : strcmp(argv[i], "--profile") == 0 ? &o.profile
                             : strcmp(argv[i], "--show") == 0    ? &o.show
                             : strcmp(argv[i], "--pack") == 0    ? &pack
                                                                 : NULL;
        if (strcmp(argv[i], "-v") == 0) {
            o.is_verbose = true;
        } else if (value == NULL || i + 1 == argc) {
            return usage();
        } else {
            *value = argv[++i];
        }
    }
    if (chain_count == 0 || i == argc) {
        return usage();
    }
    open_chains(&corpus, chains, chain_count);
    if (pack == NULL) {
        ls_corpus_beside(&corpus, argv[i]);
    }
    if (pack != NULL) {
        ls_corpus_pack(&corpus, pack, argv + i, (size_t)(argc - i));
    } else {
        code = replay(&corpus, &o, argv + i, (size_t)(argc - i));
    }
    ls_corpus_close(&corpus);
    return code;
}
