/* `gru.c` as two operations of TensorFlow, through its C interface. `stack.py` calls them. */
#include "tensorflow/c/kernels.h"

typedef struct TF_OpDefinitionBuilder TF_OpDefinitionBuilder; /* which ops.h uses and leaves out */
typedef struct TF_ShapeHandle TF_ShapeHandle;
typedef struct TF_DimensionHandle TF_DimensionHandle;
typedef struct TF_ShapeInferenceContext TF_ShapeInferenceContext;
#include "tensorflow/c/ops.h"

#include "gru.c"

typedef TF_OpKernelContext Context;

static void get(Context *context, int i, TF_Tensor **tensor, TF_Status *status) {
  *tensor = 0;
  TF_GetInput(context, i, tensor, status);
}

/* Where output i goes, (shape[0], ..., shape[dims - 1]). */
static float *make(Context *context, int i, int dims, const int64_t *shape, TF_Tensor **tensor, TF_Status *status) {
  size_t bytes = sizeof(float);
  *tensor = 0;
  if (TF_GetCode(status) != TF_OK) return 0; /* the next call would forget it */
  for (int k = 0; k < dims; k++) bytes *= shape[k];
  *tensor = TF_AllocateOutput(context, i, TF_FLOAT, shape, dims, bytes, status);
  return *tensor ? TF_TensorData(*tensor) : 0;
}

static void finish(Context *context, int n, TF_Tensor **tensors, TF_Status *status, int failed) {
  if (failed && TF_GetCode(status) == TF_OK) TF_SetStatus(status, TF_RESOURCE_EXHAUSTED, "GruStack: out of memory");
  if (TF_GetCode(status) != TF_OK) TF_OpKernelContext_Failure(context, status);
  for (int i = 0; i < n; i++)
    if (tensors[i]) TF_DeleteTensor(tensors[i]);
  TF_DeleteStatus(status);
}

/* x (B, T, I), and w: four for each layer -> states (B, T, H), kept */
static void compute(void *unused, Context *context) {
  (void)unused;
  TF_Status *status = TF_NewStatus();
  const int n = TF_NumInputs(context) - 1;
  TF_Tensor *tensor[n + 3];
  const float *w[n];
  for (int i = 0; i <= n; i++) get(context, i, &tensor[i], status);
  for (int i = 0; i < n; i++) w[i] = TF_TensorData(tensor[1 + i]);
  const float *x = TF_TensorData(tensor[0]);
  const int B = TF_Dim(tensor[0], 0), T = TF_Dim(tensor[0], 1), I = TF_Dim(tensor[0], 2), H = TF_Dim(tensor[4], 0);
  float *states = make(context, 0, 3, (int64_t[]){B, T, H}, &tensor[n + 1], status);
  float *kept = make(context, 1, 1, (int64_t[]){gru_kept(B, T, n / 4, H)}, &tensor[n + 2], status);
  int failed = TF_GetCode(status) != TF_OK || gru_forward(B, T, n / 4, I, H, x, w, states, kept);
  finish(context, n + 3, tensor, status, failed);
}

/* x, d_states, kept, w -> d_x, and d_w: empty where nobody wants them */
static void compute_gradient(void *wanted, Context *context) {
  TF_Status *status = TF_NewStatus();
  const int n = TF_NumInputs(context) - 3;
  TF_Tensor *tensor[2 * n + 4], **in = tensor, **out = tensor + n + 3;
  const float *w[n];
  float *d_w[n];
  const int some = *(int *)wanted;
  for (int i = 0; i < n + 3; i++) get(context, i, &in[i], status);
  for (int i = 0; i < n; i++) w[i] = TF_TensorData(in[3 + i]);
  const int B = TF_Dim(in[0], 0), T = TF_Dim(in[0], 1), I = TF_Dim(in[0], 2), H = TF_Dim(in[1], 2);
  float *d_x = make(context, 0, 3, (int64_t[]){B, T, I}, &out[0], status);
  for (int i = 0; i < n; i++) {
    int64_t shape[2] = {0, 0};
    for (int k = 0; some && k < TF_NumDims(in[3 + i]); k++) shape[k] = TF_Dim(in[3 + i], k);
    d_w[i] = make(context, 1 + i, TF_NumDims(in[3 + i]), shape, &out[1 + i], status);
  }
  const float *x = TF_TensorData(in[0]), *d_states = TF_TensorData(in[1]), *kept = TF_TensorData(in[2]);
  int failed = TF_GetCode(status) != TF_OK ||
               gru_backward(B, T, n / 4, I, H, x, w, kept, d_states, d_x, some ? d_w : 0);
  finish(context, 2 * n + 4, tensor, status, failed);
}

static void *read_wanted(TF_OpKernelConstruction *construction) {
  int32_t *wanted = malloc(sizeof *wanted);
  TF_Status *status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrInt32(construction, "wanted", wanted, status);
  TF_DeleteStatus(status);
  return wanted;
}

static void shapes(TF_ShapeInferenceContext *context, TF_Status *status) { /* Python sets them */
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

/* words: each an attribute (?), an input (<) or an output (>) */
static void add(const char *name, const char *const *words, void *(*made)(TF_OpKernelConstruction *),
                void (*computed)(void *, Context *)) {
  TF_Status *status = TF_NewStatus();
  TF_OpDefinitionBuilder *op = TF_NewOpDefinitionBuilder(name);
  for (; *words; words++)
    if (**words == '?') TF_OpDefinitionBuilderAddAttr(op, *words + 1);
    else if (**words == '<') TF_OpDefinitionBuilderAddInput(op, *words + 1);
    else TF_OpDefinitionBuilderAddOutput(op, *words + 1);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, shapes);
  TF_RegisterOpDefinition(op, status);
  TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", made, computed, made ? free : 0), status);
  TF_DeleteStatus(status);
}

__attribute__((constructor)) static void when_loaded(void) {
  pthread_atfork(0, 0, forget_helpers);
  const char *words[] = {"?N: int >= 4", "<x: float", "<w: N * float", ">states: float", ">kept: float", 0};
  const char *gradient_words[] = {"?N: int >= 4",  "?wanted: int",  "<x: float",   "<d_states: float",
                                  "<kept: float", "<w: N * float", ">d_x: float", ">d_w: N * float", 0};
  add("GruStack", words, 0, compute);
  add("GruStackGrad", gradient_words, read_wanted, compute_gradient);
}
