/* A collection is rebuilt beside the live one, then swapped in: does a reader ever see half of it, or go back in time?
 *
 * Two rebuilders compete and crash, a live follower goes on meanwhile, a reader looks. The design: the rebuild is a
 * generation of its own, fenced by its job's epoch; the swap is one small transaction that compares both positions; a
 * reader takes pointer and rows in one snapshot; the old generation goes only when no snapshot can see it.
 * No part of the code does this yet (the snapshot command will), so the blocks name transactions, not functions.
 *
 * Mutants: COMPARED_EARLY, TWO_READS, DELETED_FIRST, NO_FENCE, each described where it stands.
 */
#define N 3
byte head = 1;
byte rows[2], upTo[2];     /* of each generation: events folded, and the position it claims */
bool isAlive[2];
byte pointer, job, grants; /* the generation that readers see; epoch of the rebuild; rebuilds begun */
bool isSwapped;

/* The live follower: one transaction a block. */
proctype Live() {
  do
  :: head < N -> head++
#ifdef DELETED_FIRST
  :: atomic { upTo[pointer] < head && (job == 0 || isSwapped) -> rows[pointer]++; upTo[pointer]++ }
#else
  :: atomic { upTo[pointer] < head -> rows[pointer]++; upTo[pointer]++ }
#endif
  :: break
  od
}

inline swap() { pointer = 1; isAlive[0] = false; isSwapped = true; rows[0] = 0; upTo[0] = 0 }

proctype Rebuild() {
  byte epoch, position;
  bool isEqual;
again:
end_unneeded:
  atomic {                                            /* take the job: a new epoch */
    grants < 2 -> grants++; job++; epoch = job; isEqual = false;
#ifdef DELETED_FIRST
    rows[0] = 0; upTo[0] = 0                          /* mutant: in place, no second generation */
#else
    if :: !isAlive[1] && !isSwapped -> isAlive[1] = true; rows[1] = 0; upTo[1] = 0 :: else fi
#endif
  };
  do
  :: isSwapped -> break
  :: !isSwapped ->
#ifdef DELETED_FIRST
     atomic { if :: upTo[0] < head -> rows[0]++; upTo[0]++ :: else -> isSwapped = true fi }
#else
#ifdef NO_FENCE
     position = upTo[1];                              /* mutant: a batch is written whatever the job's epoch */
     atomic { if :: isAlive[1] && position < head && position < upTo[pointer] -> rows[1]++; upTo[1] = position + 1 :: else fi };
#else
     atomic { if :: isAlive[1] && job == epoch && upTo[1] < head -> rows[1]++; upTo[1]++ :: else fi };
#endif
#if defined(COMPARED_EARLY)
     atomic { isEqual = (upTo[1] == upTo[pointer]) };  /* mutant: compared in a step before the swap */
     atomic { if :: isEqual && job == epoch && !isSwapped && isAlive[1] -> swap() :: else fi };
#elif defined(NO_FENCE)
     atomic { if :: !isSwapped && isAlive[1] && upTo[1] == upTo[pointer] -> swap() :: else fi };
#else
     atomic { if :: job == epoch && !isSwapped && isAlive[1] && upTo[1] == upTo[pointer] -> swap() :: else fi };
#endif
#endif
     if :: grants < 2 -> goto again :: true fi        /* killed; begun again */
  od
}

proctype Reader() {
  byte generation, seen, position, last, i;
  do
  :: i < 3 -> i++;
#ifdef TWO_READS
     generation = pointer;                             /* mutant: pointer and rows in two statements */
     atomic { seen = rows[generation]; position = upTo[generation] };
#else
     atomic { generation = pointer; seen = rows[generation]; position = upTo[generation] };
#endif
     atomic {
       assert(seen == position);                      /* the rows are those of the position claimed */
       assert(position >= last);                      /* never backwards */
       last = position; generation = 0; seen = 0; position = 0
     }
  :: else -> break
  od
}

init {
  atomic { isAlive[0] = true; rows[0] = 1; upTo[0] = 1; run Live(); run Rebuild(); run Rebuild(); run Reader() }
}
