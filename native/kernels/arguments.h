// What kernels are told, as plain values.
// Tensors are arrays of lane vectors, [position][channel] of one pack; a lane vector holds one value of `lanes` images.
// Steps and offsets of lane tensors count lane vectors, those of weights count floats.
#pragma once
#include <cstdint>

namespace striate {

enum class Pixel : int32_t { uint8, float32, float64 };

// A box of output positions, and how far one step in each direction moves in the input and in the output.
struct Positions {
  int64_t depth, height, width;
  int64_t in_depth, in_row, in_column;
  int64_t out_depth, out_row, out_column;
};

// Inputs that lie side by side, and so do their weights: `length` products.
struct Span {
  int64_t input, weight, length;
};

// output[p][f] = sum over spans, j: input[p + span.input + j] * w(span.weight + j, f), then bias, relu, gate.
struct Correlation {
  const float* input;
  float* output;
  const float* weights;
  Positions positions;
  const Span* spans;
  int64_t span_count;
  const int32_t* row_first;  // for each row the first of its spans and the one after its last, where the others
  const int32_t* row_last;   // would read nothing but padding; null: all spans for all rows
  int64_t outputs;      // filters, or the channels of an input gradient
  int64_t multiplier;   // depthwise only: filters of each channel
  int64_t weight_step;  // plain: floats from one input to the next; transposed: floats from one output to the next
  bool packed;          // plain only: weights as pack_weights leaves them
  int64_t packed_width;  // packed only: the width they were packed for
  int64_t inputs;       // packed only: number of inputs j over all spans
  const float* bias;    // added, or null
  const float* gate;    // zero where gate (shaped like the output) is not positive, or null
  bool relu;
  int64_t part, parts;  // which share of the outputs to compute
};

// gradient[row(t)][f] = sum over packs, positions, lanes: input[p + tap_input[t]] * output_gradient[p][f]
struct WeightGradient {
  const float* input;
  const float* output_gradient;
  float* gradient;
  Positions positions;
  int64_t packs, input_pack, output_pack;  // floats from one pack to the next
  const int64_t* tap_input;
  const int64_t* tap_row;
  int64_t taps;
  int64_t outputs;
  int64_t multiplier;     // depthwise only: filters of each channel
  int64_t gradient_step;  // floats from one row to the next
  bool accumulate;
  int64_t part, parts;
  float* rows;  // each thread's own: by_rows room for rows_room(g) floats, depthwise a lane vector for each weight
};

// Tiles [first, last) of a map, `across` in a row, and what Winograd's transforms make of them: [36][tile][channel], or rows.
struct WinogradTiles {
  float* map;  // [height][width][channels]
  int64_t height, width, channels, across, first, last;
  int64_t top, left;                    // how far the first tile reaches beyond the map
  int64_t channel_first, channel_last;  // which channels to take
  float* transformed;
  int64_t place;      // lane vectors (of rows: floats) from one of the 36 to the next
  const float* bias;  // of the outputs: added, or null
  const float* gate;  // zero where gate (shaped like the map) is not positive, or null
  bool relu;
};

struct WinogradWeights {
  const float* weights;  // [3][3][channels][filters]
  float* transformed;
  int64_t place;  // floats from one of the 36 places to the next
  int64_t channels, filters;
  bool turned;    // for the input's gradient: not packed, for correlate_transposed
  int64_t block;  // most filters of a block, see outputs_per_block
  int64_t part, parts;
};

struct WinogradWeightGradient {
  const float* sums;  // [36][channel of the range][filters]
  int64_t place;      // floats from one of the 36 places to the next
  float* gradient;    // [3][3][channels][filters]
  int64_t channels, filters, channel_first, channel_last;
  bool accumulate;
};

struct Pooling {
  const float* input;
  float* output;
  const float* output_gradient;
  float* input_gradient;
  const float* gate;
  int64_t in[3], out[3], window[3], stride[3], dilation[3], before[3];
  int64_t channels, first, last;  // and which of them to take
  bool adaptive;  // windows that divide the input among the outputs instead: window, stride, dilation, before do not count
};

// output[r] = sum over taps t: weights[r][t] input[source[r][t]], rows of `length` lane vectors; weights null: one tap of 1
struct Resampling {
  const int64_t* source;
  const float* weights;
  int64_t rows, taps, length;
};

enum class Function : int32_t {
  relu, leaky_relu, elu, selu, sigmoid, tanh, softplus, softsign, silu, exponential, hard_sigmoid, gelu, gelu_tanh, mish,
  hard_silu, hard_shrink, soft_shrink, tanh_shrink, squareplus, sparse_plus, threshold, sqrt, log,
  reciprocal, step,
};

struct ActivationOptions {
  Function function;
  float alpha, max_value, threshold;
};

// What the random numbers of one pack are a function of, beside the element.
struct RandomKey {
  uint64_t seed, stream, step;
  uint32_t first_image;  // place in the batch of lane 0
  bool shared;           // the same numbers for every image of the batch
};

// y = scale x + offset where the mask keeps an element, else `dropped`. The mask lies over an image of `axes` axes (row order):
// one step along an axis is `steps` in the mask, 0 along axes that share it.
struct Masking {
  const float* input;
  float* output;
  const uint16_t* kept;
  const int64_t* sizes;
  const int64_t* steps;
  int axes;
  float scale, offset, dropped;
};

enum class Fill : int32_t { constant, nearest, wrap, reflect };  // what lies beyond an image

// An affine map of positions, one for each image: output (y, x) is sampled at input (m0 y + m1 x + m2, m3 y + m4 x + m5).
struct Warp {
  const float* input;   // the first of in[0] x in[1] positions, rows in_row positions apart
  float* output;        // [out[0]][out[1]][channels]
  const float* matrix;  // m0 ... m5, lane vectors
  int64_t in[2], in_row, out[2], channels;
  Fill fill;
  float fill_value;  // constant only
  bool nearest;      // the nearest position's value, else bilinear interpolation
};

// One photograph, [height][width][channels] of uint8 or finite float32: output (y, x) is input (m0 y + m1 x + m2, m3 y + m4 x + m5) as
// scipy.ndimage.affine_transform has it; then a channel shift, brightness and x scale, in this order.
struct ImageWarp {
  const void* image;
  Pixel pixel;
  float* output;         // shaped like the image
  float* room;           // ((height + 1) width + 1) channels + 4 floats
  const double* matrix;  // m0 ... m5; null: the image itself
  int64_t height, width, channels;
  int64_t first_row, last_row;  // [first, last) are made; a shift and brightness need them all
  Fill fill;             // wrap: first and last position are one
  float fill_value;      // constant only
  bool nearest;          // the nearest position's value, else bilinear interpolation
  float shift;           // added, within the smallest and the largest value; NaN: none
  float brightness;      // factor; NaN: none
  float scale;
};

// y = clip(contrast (x - mean) + mean + brightness, low, high), the mean that of the image's channel.
struct Adjustment {
  const float* input;
  const float* output_gradient;
  float* output;         // backward: the input's gradient
  const float* factors;  // contrast, brightness: lane vectors
  float* means;          // [channels] lane vectors, made by forward; null: contrast is 1
  int64_t positions, channels;
  float low, high;
};

// The losses up to cosine_similarity have one value for each position, from all its channels; the others for each element.
enum class Loss : int32_t {
  none = -1,
  sparse_categorical_crossentropy, categorical_crossentropy, categorical_focal_crossentropy, categorical_hinge, kl_divergence,
  cosine_similarity, binary_crossentropy, binary_focal_crossentropy, mean_squared_error, mean_absolute_error,
  mean_absolute_percentage_error, mean_squared_logarithmic_error, huber, log_cosh, poisson, hinge, squared_hinge, value,
};

struct LossOptions {
  bool from_logits;
  float label_smoothing, delta, alpha, gamma;  // Huber's delta; alpha and gamma of the focal cross-entropies
  bool balanced;                               // binary_focal_crossentropy: targets of 1 count alpha, of 0 1 - alpha
};

enum class Combine : int32_t { add, subtract, multiply, maximum, minimum };

// y = f(a, b) in rows of `width` elements: where each row begins in a and b, and whether it moves along or repeats one element.
struct Combination {
  Combine kind;
  const float *a, *b;
  const int64_t *a_rows, *b_rows;
  int64_t rows, width, a_step, b_step;
};

// y[y_row[m] + y_column[n]] = sum over k: a[a_row[m] + a_term[k]] * b[b_term[k] + b_column[n]]
struct Contraction {
  const int64_t *a_row, *a_term, *b_term, *b_column, *y_row, *y_column;
  int64_t rows, columns, terms;
};

enum class Standard : int32_t { deviation, root_mean_square, length };

// An element's place is that of its kept axes plus that of its reduced ones, over which sums go.
struct Standardization {
  Standard kind;
  float epsilon;
  const int64_t *kept, *reduced;
  int64_t kept_count, reduced_count;
};

struct LocalResponse {
  int64_t positions, channels, radius;
  float bias, alpha, beta;
};

enum class Parametric : int32_t { affine, prelu, standardize, restore };

// Each row of `width` elements has its parameters from `place` on, or at it (step 0).
struct Parameters {
  Parametric function;
  const float *p, *q;  // null: ones, zeros
  const int64_t* place;
  int64_t rows, width, step;
  float epsilon;
};

enum class Slope : int32_t { factor, offset, below };  // of p x + q in p and in q; of p min(x, 0) in p

struct ParameterSums {
  Slope slope;
  const int64_t *kept, *reduced;  // parameter k's elements are at kept[k] + reduced[...]
  int64_t first, last, reduced_count;
  bool accumulate;
};


// One pack of one output. For the cross-entropies `output` holds logits if `fused`, else probabilities.
struct LossArguments {
  Loss loss;
  bool fused;
  LossOptions options;
  const float* output;   // [positions][channels] lanes
  float* probabilities;  // fused: softmax or sigmoid of the logits, or null
  float* gradient;       // d(sum over images of scale * image_loss) / d(output), or null
  int64_t positions, channels;
  const void* targets[16];  // for each filled lane its image's targets: int32 (sparse) or float32
  float scale[16];          // weight / batch size
  float image_loss[16];     // result
  int filled;
};

enum class Rule : int32_t { sgd, adam, adamw, adamax, nadam, rmsprop, adagrad, adadelta, ftrl, lion };

// One run of consecutive numbers of one parameter, with its state arrays.
struct UpdateArguments {
  Rule rule;
  float* weights;
  const float* gradient;
  float* slot[3];
  int64_t count;
  float learning_rate, weight_decay;
  float beta_1, beta_2, epsilon, momentum, rho;
  bool nesterov, centered;
  float correction_1, correction_2, correction_3;  // bias corrections of the step (adam, adamax, nadam)
  float power, l1, l2, shrinkage;                  // ftrl
  float gradient_scale, clip_value;                // clip_value 0: none
  float* average;                                  // follows the weights with average_momentum, or null
  float average_momentum;
  bool average_overwrites, non_negative;           // the weights then become their average; nothing below 0 stays
};

}  // namespace striate
