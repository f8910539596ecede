/* A stack of GRU layers, forward and backward, many sequences at a time.

     rho, u = sigmoid([x, h] W_ru + b_ru)     c = tanh([x, rho h] W_c + b_c)     h' = u h + (1 - u) c

   A `vec` is LANES floats that one instruction adds or multiplies (GCC's and Clang's vector extension: a + b
   on two of them is LANES additions). A `number` is V of them: one and the same number of ROWS sequences, side
   by side. So the code reads as if it were for one sequence: no index of the batch appears in it, and no weight
   is packed or padded. ROWS sequences are a block, and go through all steps of all layers together, so that their
   numbers are still in the processor's cache when they are used again. Blocks know nothing of each other until
   their gradients of the weights are added up, always in the same order: the result is the same to the bit,
   however many threads share the blocks.

   Per layer, float32, as TensorFlow 1 lays them out: W_ru (I + H, 2 H), first rho then u; b_ru (2 H);
   W_c (I + H, H); b_c (H). I is the size of x: the stack's inputs, or H of the layer below. */
#include <string.h>

#include "threads.c"

#if defined(__x86_64__) && !defined(__FMA__)
#error "this processor multiplies and adds in two instructions"
#elif defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
#define V 2                         /* vectors in a number */
#define ROWS (V * LANES)            /* sequences in a block */
#define TILE (LANES == 8 ? 6 : 12)  /* outputs at a time: as many as the registers hold */
#define HEIGHT (LANES == 8 ? 2 : 4) /* weights at a time, in their gradient: HEIGHT x WIDTH */
#define WIDTH 4
#define SLACK 4                     /* numbers that such a tile may read beyond the last one */

/* holds a value in a register; without it, gcc reads it from memory at every use */
#if defined(__x86_64__)
#define KEEP(value) __asm__("" : "+v"(value))
#elif defined(__aarch64__)
#define KEEP(value) __asm__("" : "+w"(value))
#else
#define KEEP(value)
#endif
#define INLINE static inline __attribute__((always_inline))
#define EACH_V for (int v = 0; v < V; v++)

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int ivec __attribute__((vector_size(4 * LANES)));
typedef vec number[V];

/* [a, b][which]: lanes of a are counted from 0, those of b from LANES */
INLINE vec mix(vec a, vec b, ivec which) {
#ifdef __clang__
  vec mixed;
  for (int i = 0; i < LANES; i++) mixed[i] = which[i] < LANES ? a[which[i]] : b[which[i] - LANES];
  return mixed;
#else
  return __builtin_shuffle(a, b, which);
#endif
}

/* ---- activations ---- */

INLINE vec clamp(vec x, float most) {
  for (int i = 0; i < LANES; i++) x[i] = x[i] > most ? most : x[i];
  for (int i = 0; i < LANES; i++) x[i] = x[i] < -most ? -most : x[i];
  return x;
}

/* 1 / (1 + exp(-k x)), where power = k / ln 2: so exp(-k x) = 2^t = 2^n 2^f with n whole and |f| <= 1/2.
   n: beside 1.5 * 2^23 a float has no room for a fraction, so that adding and taking it away again rounds.
   2^n: a float keeps its power of two, plus 127, from bit 23 on. 2^f: a polynomial (relative error 8e-8).
   NaN stays NaN: no comparison with it is true. */
INLINE vec logistic(vec x, float power) {
  const vec zero = {0}, whole = zero + 12582912.0f; /* 1.5 * 2^23 */
  vec t = clamp(-power * x, 60.0f);
  vec n = (t + whole) - whole, f = t - n;
  vec p = 0.0013276471f + zero;
  p = p * f + 0.0096755410f;
  p = p * f + 0.0555071309f;
  p = p * f + 0.2402212024f;
  p = p * f + 0.6931469440f;
  p = p * f + 1.0000001192f;
  ivec exponent = (__builtin_convertvector(n, ivec) + 127) << 23; /* the bits of 2^n */
  return 1.0f / (1.0f + p * (vec)exponent);
}
INLINE vec sigmoid(vec x) { return logistic(x, 1.44269504f); }
/* absolute error 1e-7, as that of the sums it is taken of */
INLINE vec tanh_(vec x) { return 2.0f * logistic(x, 2.88539008f) - 1.0f; }

/* ---- products ---- */

/* sum_k x[k] w[k, j], where w[k, j] lies at w[k * down + j * right]: (columns, 1) for w, (1, columns) for its
   transpose */
typedef struct {
  const number *x;
  int n;
  const float *w;
  ptrdiff_t down, right;
} Term;

/* out[j] = bias[j] + two terms, for `n` outputs from j on; `n` is known when this is compiled */
INLINE void outputs(number *out, int j, int n, const float *bias, const Term *terms) {
  vec sum[TILE][V];
  const vec zero = {0};
#pragma GCC unroll 12
  for (int i = 0; i < n; i++) EACH_V sum[i][v] = zero + (bias ? bias[j + i] : 0.0f);
  for (int t = 0; t < 2; t++) {
    const number *x = terms[t].x;
    const ptrdiff_t right = terms[t].right, down = terms[t].down;
    const float *w = terms[t].w + j * right;
    for (int k = 0; k < terms[t].n; k++, w += down) {
#pragma GCC unroll 12
      for (int i = 0; i < n; i++) {
        const vec weight = w[i * right] - zero; /* in all lanes; + zero would cost an addition: -0.0 + 0.0 is 0.0 */
        EACH_V sum[i][v] += weight * x[k][v];
      }
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < n; i++) EACH_V out[j + i][v] = sum[i][v];
}

static void product(number *out, int n, const float *bias, Term a, Term b) {
  const Term terms[2] = {a, b};
  int j = 0;
  for (; j + TILE <= n; j += TILE) outputs(out, j, TILE, bias, terms);
  for (; j + 4 <= n; j += 4) outputs(out, j, 4, bias, terms);
  for (; j < n; j++) outputs(out, j, 1, bias, terms);
}

/* [a0 + a1, a2 + a3, ..., b0 + b1, ...]: half as many vectors, of sums of pairs. With four lanes, a b c d become
   [a01 a23 b01 b23] and [c01 c23 d01 d23], then [a0123 b0123 c0123 d0123]: LANES vectors, one vector of sums */
INLINE vec fold(vec a, vec b) {
  ivec even;
#pragma GCC unroll 16
  for (int i = 0; i < LANES; i++) even[i] = 2 * i;
  return mix(a, b, even) + mix(a, b, even + 1);
}

/* out[k, j] = sum over steps and sequences of x[t][k] d[t][j]: the gradient of x W is x^T d */
static void gradient(float *out, int T, const number *x, ptrdiff_t x_step, int K, const number *d, ptrdiff_t d_step,
                     int J) {
  for (int k = 0; k < K; k += HEIGHT)
    for (int j = 0; j < J; j += WIDTH) {
      vec sum[HEIGHT * WIDTH] = {0};
      const number *xt = x + k, *dt = d + j;
      for (int t = 0; t < T; t++, xt += x_step, dt += d_step)
        EACH_V {
          vec right[WIDTH];
#pragma GCC unroll 4
          for (int j = 0; j < WIDTH; j++) {
            right[j] = dt[j][v];
            KEEP(right[j]);
          }
#pragma GCC unroll 4
          for (int i = 0; i < HEIGHT; i++) {
            const vec left = xt[i][v];
#pragma GCC unroll 4
            for (int j = 0; j < WIDTH; j++) sum[i * WIDTH + j] += left * right[j];
          }
        }
      float sums[HEIGHT * WIDTH];
#pragma GCC unroll 4
      for (int s = 0; s < HEIGHT * WIDTH; s += LANES) {
#pragma GCC unroll 4
        for (int n = LANES / 2; n; n /= 2)
#pragma GCC unroll 8
          for (int i = 0; i < n; i++) sum[s + i] = fold(sum[s + 2 * i], sum[s + 2 * i + 1]);
        memcpy(sums + s, sum + s, sizeof(vec));
      }
      for (int i = 0; i < HEIGHT * WIDTH; i++) /* a tile may stand out over the edge */
        if (k + i / WIDTH < K && j + i % WIDTH < J) out[(k + i / WIDTH) * J + j + i % WIDTH] = sums[i];
    }
}

/* ---- a block of sequences through the stack ---- */

typedef struct {
  int B, T, L, I, H; /* sequences, steps, layers, inputs, units */
  const float *x;    /* (B, T, I) */
  const float **w;   /* W_ru, b_ru, W_c, b_c of each layer */
  float *out;        /* (B, T, H) */
  number *kept;      /* (blocks, L, T, 4, H): rho, u, c, h' of every step, for the gradient */
  const float *d_out;
  float *d_x;     /* (B, T, I) */
  float *d_w;     /* the gradients of all weights in a row, once for each block; or null: not wanted */
  size_t weights; /* how many they are */
} Stack;

static int blocks(const Stack *s) { return (s->B + ROWS - 1) / ROWS; }

static number *kept(const Stack *s, int block, int layer) {
  return s->kept + ((size_t)block * s->L + layer) * s->T * 4 * s->H;
}

/* Rows become columns: log2(LANES) times, the first half is shuffled with the second, as cards are. With four
   lanes: [a0 c0 a1 c1] [a2 c2 a3 c3] [b0 d0 b1 d1] [b2 d2 b3 d3], then [a0 b0 c0 d0] [a1 b1 c1 d1] ... */
INLINE void turn(vec m[LANES]) {
  ivec low;
#pragma GCC unroll 16
  for (int i = 0; i < LANES; i++) low[i] = i / 2 + i % 2 * LANES;
#pragma GCC unroll 4
  for (int round = 1; round < LANES; round *= 2) {
    vec shuffled[LANES];
#pragma GCC unroll 8
    for (int i = 0; i < LANES / 2; i++) {
      shuffled[2 * i] = mix(m[i], m[i + LANES / 2], low);
      shuffled[2 * i + 1] = mix(m[i], m[i + LANES / 2], low + LANES / 2);
    }
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++) m[i] = shuffled[i];
  }
}

static int least(ptrdiff_t a, int b) { return a < b ? (int)a : b; }

INLINE void copy(void *to, const void *from, int floats) {
  if (floats == LANES) memcpy(to, from, sizeof(vec)); /* in one instruction */
  else memcpy(to, from, floats * sizeof(float));
}

/* From a tensor (B, T, n) to the T n numbers of a block, or back to it: the other of `from` and `to` is null.
   Sequences that the last block lacks are zeros. */
static void cross(const Stack *s, int block, number *numbers, int n, const float *from, float *to) {
  const ptrdiff_t size = (ptrdiff_t)s->T * n;
  for (int v = 0; v < V; v++) {
    const int first = block * ROWS + v * LANES, rows = least(s->B - first, LANES);
    for (ptrdiff_t i = 0; i < size; i += LANES) {
      const int some = least(size - i, LANES);
      const ptrdiff_t there = first * size + i;
      vec m[LANES] = {0};
      for (int row = 0; from && row < rows; row++) copy(m + row, from + there + row * size, some);
      for (int k = 0; to && k < some; k++) m[k] = numbers[i + k][v];
      turn(m);
      for (int k = 0; from && k < some; k++) numbers[i + k][v] = m[k];
      for (int row = 0; to && row < rows; row++) copy(to + there + row * size, m + row, some);
    }
  }
}

static void forward(const void *stack, int block, void *scratch) {
  const Stack *s = stack;
  const int H = s->H;
  number *zeros = scratch, *rh = zeros + H, *x0 = rh + H, *x = x0;
  memset(zeros, 0, H * sizeof(number));
  cross(s, block, x0, s->I, s->x, 0);
  int I = s->I, step = I; /* from one x to the next */
  for (int l = 0; l < s->L; l++) {
    const float **w = s->w + 4 * l; /* W_ru, b_ru, W_c, b_c; in W the rows of x come first, then those of h */
    const number *before = zeros;
    number *r = kept(s, block, l);
    for (int t = 0; t < s->T; t++, r += 4 * H, x += step) {
      number *u = r + H, *c = u + H, *h = c + H;
      /* rho, u = sigmoid([x, h] W_ru + b_ru) */
      product(r, 2 * H, w[1], (Term){x, I, w[0], 2 * H, 1}, (Term){before, H, w[0] + I * 2 * H, 2 * H, 1});
      for (int j = 0; j < 2 * H; j++) EACH_V r[j][v] = sigmoid(r[j][v]); /* u lies behind r */
      /* c = tanh([x, rho h] W_c + b_c) */
      for (int j = 0; j < H; j++) EACH_V rh[j][v] = r[j][v] * before[j][v];
      product(c, H, w[3], (Term){x, I, w[2], H, 1}, (Term){rh, H, w[2] + I * H, H, 1});
      for (int j = 0; j < H; j++) EACH_V {
        c[j][v] = tanh_(c[j][v]);
        h[j][v] = c[j][v] + u[j][v] * (before[j][v] - c[j][v]); /* u h + (1 - u) c */
      }
      before = h;
    }
    x = kept(s, block, l) + 3 * H; /* the next layer's input is this one's state */
    I = H, step = 4 * H;
  }
  for (int t = 0; t < s->T; t++) memcpy(x0 + t * H, x + t * step, H * sizeof(number));
  cross(s, block, x0, H, 0, s->out);
}

/* d_a stands for the gradient of the loss by a; d_r, d_u and d_c are those before the activations. */
static void backward(const void *stack, int block, void *scratch) {
  const Stack *s = stack;
  const int H = s->H, T = s->T;
  number *zeros = scratch, *d_h = zeros + H, *d_before = d_h + H, *d_rh = d_before + H;
  number *x0 = d_rh + H, *rh = x0 + T * s->I + SLACK, *d = rh + T * H + SLACK; /* d: d_r, d_u, d_c of each step */
  number *d_y = d + T * 3 * H + SLACK; /* of a layer's outputs; then of its inputs, the outputs of the one below */
  const Term none = {0};
  float *d_w = s->d_w ? s->d_w + (block + 1) * s->weights : 0; /* the end of the block's: the last layer is first */
  memset(zeros, 0, H * sizeof(number));
  cross(s, block, d_y, H, s->d_out, 0);
  if (d_w) cross(s, block, x0, s->I, s->x, 0);
  for (int l = s->L - 1; l >= 0; l--) {
    const float **w = s->w + 4 * l;
    const int I = l ? H : s->I, step = l ? 4 * H : I;
    const float *w_ru = w[0] + I * 2 * H, *w_c = w[2] + I * H; /* the rows of the state */
    const number *first = kept(s, block, l), *x = l ? kept(s, block, l - 1) + 3 * H : x0;
    memset(d_before, 0, H * sizeof(number));
    for (int t = T - 1; t >= 0; t--) {
      const number *r = first + t * 4 * H, *u = r + H, *c = u + H, *before = t ? r - H : zeros;
      number *d_r = d + t * 3 * H, *d_u = d_r + H, *d_c = d_u + H, *rh_t = rh + t * H;
      for (int j = 0; j < H; j++) EACH_V { /* through h' = u h + (1 - u) c, tanh' = 1 - c^2, sigmoid' = u (1 - u) */
        d_h[j][v] = d_y[t * H + j][v] + d_before[j][v];
        const vec through = d_h[j][v] * (1.0f - u[j][v]);
        d_c[j][v] = through * (1.0f - c[j][v] * c[j][v]);
        d_u[j][v] = through * u[j][v] * (before[j][v] - c[j][v]);
      }
      product(d_rh, H, 0, (Term){d_c, H, w_c, 1, H}, none); /* W_c d_c */
      for (int j = 0; j < H; j++) EACH_V {
        rh_t[j][v] = r[j][v] * before[j][v];
        d_r[j][v] = d_rh[j][v] * rh_t[j][v] * (1.0f - r[j][v]);
      }
      product(d_before, H, 0, (Term){d_r, 2 * H, w_ru, 1, 2 * H}, none); /* W_ru [d_r, d_u] */
      for (int j = 0; j < H; j++) EACH_V d_before[j][v] += d_h[j][v] * u[j][v] + d_rh[j][v] * r[j][v];
    }
    for (int t = 0; t < T; t++) { /* d_x = W_ru [d_r, d_u] + W_c d_c, the rows of x */
      const number *d_r = d + t * 3 * H;
      product(d_y + t * I, I, 0, (Term){d_r, 2 * H, w[0], 1, 2 * H}, (Term){d_r + 2 * H, H, w[2], 1, H});
    }
    if (!d_w) continue;
    d_w -= (I + H + 1) * 3 * H;
    float *d_bru = d_w + (I + H) * 2 * H, *d_wc = d_bru + 2 * H, *d_bc = d_wc + (I + H) * H;
    const number *h = first + 3 * H, *later = d + 3 * H; /* the state meets the gradients of the step after it */
    gradient(d_w, T, x, step, I, d, 3 * H, 2 * H);
    gradient(d_w + I * 2 * H, T - 1, h, 4 * H, H, later, 3 * H, 2 * H);
    gradient(d_wc, T, x, step, I, d + 2 * H, 3 * H, H);
    gradient(d_wc + I * H, T - 1, rh + H, H, H, later + 2 * H, 3 * H, H);
    for (int j = 0; j < 3 * H; j++) {
      number sum = {0};
      float total = 0;
      for (int t = 0; t < T; t++) EACH_V sum[v] += d[t * 3 * H + j][v];
      for (int i = 0; i < ROWS; i++) total += ((float *)sum)[i];
      *(j < 2 * H ? d_bru + j : d_bc + j - 2 * H) = total;
    }
  }
  cross(s, block, d_y, s->I, 0, s->d_x);
}

/* ---- what the operations call; the number of threads, Python ---- */

void gru_threads(int n) { allow_threads(n); }

/* the floats of `kept` */
static size_t gru_kept(int B, int T, int L, int H) {
  return (((size_t)(B + ROWS - 1) / ROWS) * L * T * 4 * H + SLACK) * ROWS;
}

static int gru_forward(int B, int T, int L, int I, int H, const float *x, const float **w, float *out, float *kept) {
  Stack s = {.B = B, .T = T, .L = L, .I = I, .H = H, .x = x, .w = w, .out = out, .kept = (number *)kept};
  const size_t numbers = 2 * H + (size_t)T * (I > H ? I : H);
  return share(forward, &s, blocks(&s), numbers * sizeof(number));
}

/* d_w: where the gradients of w go, or null */
static int gru_backward(int B, int T, int L, int I, int H, const float *x, const float **w, const float *kept,
                 const float *d_out, float *d_x, float **d_w) {
  Stack s = {.B = B, .T = T, .L = L, .I = I, .H = H, .x = x, .w = w, .kept = (number *)kept};
  s.d_out = d_out, s.d_x = d_x;
  s.weights = (size_t)(I + H + 1 + (L - 1) * (2 * H + 1)) * 3 * H;
  const size_t numbers = 4 * H + (size_t)T * (I + 4 * H + (I > H ? I : H)) + 3 * SLACK;
  if (d_w && !(s.d_w = calloc((blocks(&s) + 1) * s.weights, sizeof(float)))) return 1;
  int failed = share(backward, &s, blocks(&s), numbers * sizeof(number));
  if (!d_w) return failed;
  for (int block = 1; block < blocks(&s); block++)
    for (size_t i = 0; i < s.weights; i++) s.d_w[i] += s.d_w[block * s.weights + i];
  const float *from = s.d_w;
  for (int k = 0; k < 4 * L; k++) {
    const int rows = (k < 4 ? I : H) + H, sizes[4] = {rows * 2 * H, 2 * H, rows * H, H};
    memcpy(d_w[k], from, sizes[k % 4] * sizeof(float));
    from += sizes[k % 4];
  }
  free(s.d_w);
  return failed;
}
