/*
 * Replays recorded calls of a real engine against ours.
 *
 *   engine_corpus --chain DIR [--profile NAME] [--show ID] [-v] FILE…
 *   engine_corpus --chain DIR --pack OUT NAME=FILE…
 *
 * DIR holds the blocks and altered payloads the sequences in FILE refer to (corpus.h). --show
 * prints both sides of one sequence, -v of every answer that differs. The last line has the sums;
 * the exit code is 0 only when nothing differs. --pack writes our form of it all to folder OUT,
 * each FILE as NAME.ndjson.zst.
 */
#include <stdio.h>
#include <string.h>

#include "tests/engine_corpus/replay.h"

static int usage(void)
{
    (void)fprintf(stderr,
                  "usage: engine_corpus --chain DIR [--profile NAME] [--show ID] [-v] FILE...\n"
                  "       engine_corpus --chain DIR --pack OUT NAME=FILE...\n");
    return 2;
}

static void run_line(void *self, const char *line, size_t n)
{
    ls_replay_run(self, line, n);
}

static int replay(const struct ls_corpus *corpus, const struct ls_replay_options *o,
                  char *const *files, size_t n)
{
    struct ls_replay *r = ls_replay_new(corpus, o);
    for (size_t i = 0; i < n; i++) {
        ls_corpus_lines(files[i], run_line, r);
    }
    struct ls_tally t = ls_replay_total(r);
    ls_replay_print(r);
    (void)printf("sequences %lu, calls %lu, equal %lu, execution %lu, different %lu, "
                 "of them nondeterministic %lu\n",
                 ls_replay_sequences(r), t.calls, t.equal, t.execution, t.different, t.undecided);
    ls_replay_free(r);
    return t.calls > 0 && t.different == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct ls_replay_options o = {.profile = "geth"};
    const char *chain = NULL;
    const char *pack = NULL;
    struct ls_corpus corpus;
    int i = 1;
    int code = 0;
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char **value = strcmp(argv[i], "--chain") == 0     ? &chain
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
    if (chain == NULL || i == argc) {
        return usage();
    }
    ls_corpus_open(&corpus, chain);
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
