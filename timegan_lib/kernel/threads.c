/* Work in equal pieces that know nothing of each other, shared among threads.

   The caller works too. Its helpers are threads that stay, asleep while there is nothing to do: one made anew
   for every call would wait for its turn on the processor longer than it works. Which thread takes which piece
   is chance, so a result must not depend on it. */
#include <fenv.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

typedef struct Task {
  void (*work)(const void *given, int piece, void *scratch);
  const void *given;
  int pieces;
  atomic_int next;    /* the first piece that nobody has taken */
  char *scratch;      /* memory for each thread to work in */
  size_t size;        /* of one thread's, in bytes */
  int most;           /* threads that there is scratch for */
  int joined, active; /* helpers that have come to it, and those of them that have not left */
  fenv_t numbers;     /* how the caller treats denormal numbers: all of its threads must do the same */
  struct Task *after;
} Task;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for all below, and for `joined`, `active`, `after` */
static pthread_cond_t work_came = PTHREAD_COND_INITIALIZER, helper_left = PTHREAD_COND_INITIALIZER;
static Task *tasks;              /* one for each call that is going on */
static int allowed = 1, at_work; /* threads in all calls together: at most, and now */
static int helpers;              /* that have been made; they end with the process */

static void do_pieces(Task *task, int thread) {
  for (int piece; (piece = atomic_fetch_add(&task->next, 1)) < task->pieces;)
    task->work(task->given, piece, task->scratch + thread * task->size);
}

static Task *one_that_wants_help(void) {
  if (at_work >= allowed) return 0;
  for (Task *task = tasks; task; task = task->after)
    if (task->joined + 1 < task->most && atomic_load(&task->next) < task->pieces) return task;
  return 0;
}

static void *help(void *unused) {
  pthread_mutex_lock(&lock);
  for (;;) {
    Task *task = one_that_wants_help();
    if (!task) {
      pthread_cond_wait(&work_came, &lock);
      continue;
    }
    const int thread = ++task->joined;
    task->active++, at_work++;
    pthread_mutex_unlock(&lock);
    fesetenv(&task->numbers);
    do_pieces(task, thread);
    pthread_mutex_lock(&lock);
    at_work--;
    if (!--task->active) pthread_cond_broadcast(&helper_left);
  }
  return unused;
}

/* work(given, piece, scratch) for every piece. Returns 0, or 1 if there is no memory for the scratch. */
static int share(void (*work)(const void *, int, void *), const void *given, int pieces, size_t size) {
  Task task = {.work = work, .given = given, .pieces = pieces, .size = size};
  fegetenv(&task.numbers);
  pthread_mutex_lock(&lock);
  task.most = pieces < allowed ? pieces : allowed;
  if (!(task.scratch = aligned_alloc(64, task.most * size))) {
    pthread_mutex_unlock(&lock);
    return 1;
  }
  for (pthread_t made; helpers < task.most - 1 && !pthread_create(&made, 0, help, 0); helpers++) pthread_detach(made);
  at_work++;
  task.after = tasks, tasks = &task;
  if (task.most > 1) pthread_cond_broadcast(&work_came);
  pthread_mutex_unlock(&lock);

  do_pieces(&task, 0);

  pthread_mutex_lock(&lock);
  at_work--;
  Task **place = &tasks;
  while (*place != &task) place = &(*place)->after;
  *place = task.after;
  if (tasks) pthread_cond_broadcast(&work_came); /* a helper is allowed to another call now */
  while (task.active) pthread_cond_wait(&helper_left, &lock);
  pthread_mutex_unlock(&lock);
  free(task.scratch);
  return 0;
}

static void allow_threads(int n) {
  pthread_mutex_lock(&lock);
  allowed = n;
  pthread_mutex_unlock(&lock);
}

/* A forked process has none of the helpers, and finds the lock as it was in that moment. */
static void forget_helpers(void) {
  pthread_mutex_init(&lock, 0);
  pthread_cond_init(&work_came, 0);
  pthread_cond_init(&helper_left, 0);
  tasks = 0, at_work = helpers = 0;
}
