// Operations with several inputs: sums, elementwise pairs, products summed over an axis. Concatenation is in movement.cpp.
#include "../builder.h"
#include "offsets.h"

namespace striate {

// How two tensors fill a third, each repeated where it is smaller.
struct Pairing {
  Combine kind;
  Rows rows;

  Pairing(Combine kind, const Shape& a, const Shape& b, const Shape& y)
      : kind(kind), rows(y, {repeated_steps(a, y), repeated_steps(b, y)}) {}
  // This share of the rows, or of a single row; `first` is where it begins in the result.
  Combination of(const float* a, const float* b, const Work& w, int64_t& first) const {
    const int lanes = w.plan.kernels.lanes;
    const Share share(w, rows.rows == 1 ? rows.width : rows.rows);
    if (rows.rows == 1) {
      first = share.first * lanes;
      return {kind, a + first * rows.step[0], b + first * rows.step[1], rows.starts[0].data(), rows.starts[1].data(), 1, share.count(),
              rows.step[0], rows.step[1]};
    }
    first = share.first * rows.width * lanes;
    return {kind, a, b, rows.starts[0].data() + share.first, rows.starts[1].data() + share.first, share.count(), rows.width,
            rows.step[0], rows.step[1]};
  }
};

static void pair_forward(Builder& b, const char* name, const Pairing& pairing, int left, int right, int y) {
  b.plan.per_pack(name, {left, right, y}, [=](const Work& w) {
    int64_t first;
    const Combination run = pairing.of(w.at(left), w.at(right), w, first);
    w.plan.kernels.combine(run, w.at(y) + first);
  }, true);
}

static void pair_backward(Builder& b, const char* name, const Pairing& pairing, int left, int right, int dy, int dx, int64_t size,
                          bool second) {
  const bool repeated = size != pairing.rows.rows * pairing.rows.width;
  b.plan.per_pack(name, {left, right, dy, dx}, [=](const Work& w) {
    if (repeated) w.plan.kernels.fill_zero(w.at(dx), size);
    int64_t first;
    const Combination run = pairing.of(w.at(left), w.at(right), w, first);
    const int64_t place = pairing.rows.rows == 1 ? first : 0;  // elsewhere the rows' own starts lead there
    w.plan.kernels.combine_backward(run, w.at(dy) + first, w.at(dx) + place, second, repeated);
  }, !repeated);  // copies of one element are summed by one thread
}

// The first two inputs, and then each other one added to their sum.
void add_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int y = b.value(index), first = b.input_value(index);
  if (n.inputs.size() == 1)
    return b.plan.per_pack("copy", {first, y}, [=, size = n.size()](const Work& w) {
      w.plan.kernels.copy_box(w.at(first), w.at(y), 1, 1, size, 0, 0, 0, 0);
    });
  for (size_t k = 1; k < n.inputs.size(); k++) {
    const Pairing pairing(Combine::add, k == 1 ? b.input_shape(index) : n.shape, b.input_shape(index, static_cast<int>(k)), n.shape);
    pair_forward(b, "add", pairing, k == 1 ? first : y, b.input_value(index, static_cast<int>(k)), y);
  }
}

void add_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int dy = b.output_gradient(index);
  for (size_t k = 0; k < n.inputs.size(); k++) {
    const Shape& shape = b.input_shape(index, static_cast<int>(k));
    const int dx = b.input_gradient(index, static_cast<int>(k));
    if (dx >= 0) pair_backward(b, "add backward", Pairing(Combine::add, shape, n.shape, n.shape), dy, dy, dy, dx, elements(shape), false);
  }
}

static Pairing pairing_of(const Builder& b, int index) {
  const auto kind = static_cast<Combine>(static_cast<int>(b.node(index).number("kind")));
  return {kind, b.input_shape(index, 0), b.input_shape(index, 1), b.node(index).shape};
}

void combine_forward(Builder& b, int index) {
  pair_forward(b, "combine", pairing_of(b, index), b.input_value(index, 0), b.input_value(index, 1), b.value(index));
}

void combine_backward(Builder& b, int index) {
  for (int which : {0, 1}) {
    const int dx = b.input_gradient(index, which);
    if (dx >= 0)
      pair_backward(b, "combine backward", pairing_of(b, index), b.input_value(index, 0), b.input_value(index, 1),
                    b.output_gradient(index), dx, elements(b.input_shape(index, which)), which == 1);
  }
}

// y[i..., j...] = sum over k: a[i..., k] b[k, j...], where k is any axis of either. Both gradients are such sums, too.
struct Product {
  Offsets a_row, a_term, b_term, b_column, y_row, y_column;

  static Product of(const Builder& b, int index) {
    const Node& n = b.node(index);
    const Shape &left = b.input_shape(index, 0), &right = b.input_shape(index, 1);
    const auto k_left = chosen_axes(left, {n.list("axes")[0]}), k_right = chosen_axes(right, {n.list("axes")[1]});
    Product p = {offsets_along(left, k_left, false), offsets_along(left, k_left, true), offsets_along(right, k_right, true),
                 offsets_along(right, k_right, false), {}, {}};
    const auto columns = static_cast<int64_t>(p.b_column.size());
    for (int64_t m = 0; m < static_cast<int64_t>(p.a_row.size()); m++) p.y_row.push_back(m * columns);
    for (int64_t j = 0; j < columns; j++) p.y_column.push_back(j);
    return p;
  }
  Product of_left() const { return {y_row, y_column, b_column, b_term, a_row, a_term}; }    // da[i, k] = sum over j: dy[i, j] b[k, j]
  Product of_right() const { return {a_term, a_row, y_row, y_column, b_term, b_column}; }  // db[k, j] = sum over i: a[i, k] dy[i, j]
};

static void contract(Builder& b, const char* name, const Product& p, int left, int right, int y) {
  const auto rows = static_cast<int64_t>(p.a_row.size()), columns = static_cast<int64_t>(p.b_column.size());
  const auto terms = static_cast<int64_t>(p.a_term.size());
  b.plan.add_work(rows * columns * terms);
  b.plan.per_pack(name, {left, right, y}, [=](const Work& w) {
    const Contraction c = {p.a_row.data(), p.a_term.data(), p.b_term.data(), p.b_column.data(), p.y_row.data(), p.y_column.data(),
                           rows, columns, terms};
    w.plan.kernels.contract(c, w.at(left), w.at(right), w.at(y));
  });
}

void contract_forward(Builder& b, int index) {
  contract(b, "contract", Product::of(b, index), b.input_value(index, 0), b.input_value(index, 1), b.value(index));
}

void contract_backward(Builder& b, int index) {
  const Product p = Product::of(b, index);
  const int dy = b.output_gradient(index);
  if (const int da = b.input_gradient(index, 0); da >= 0) contract(b, "contract backward", p.of_left(), dy, b.input_value(index, 1), da);
  if (const int db = b.input_gradient(index, 1); db >= 0) contract(b, "contract backward", p.of_right(), b.input_value(index, 0), dy, db);
}

// to[image] = sum or average of from over the images of the batch, in their order; nothing in lanes that hold no image.
static void over_batch_phase(Builder& b, const char* name, int index, int from, int to) {
  const int64_t size = b.node(index).size();
  const bool average = b.node(index).flag("average");
  b.plan.whole_batch(name, {from, to}, [=](const Work& w) {
    const int lanes = w.plan.kernels.lanes;
    const Share share(w, size);
    for (int64_t i = share.first; i < share.last; i++) {
      double sum = 0;
      for (int64_t pack = 0; pack < w.batch.packs; pack++)
        for (int l = 0; l < w.filled(pack); l++) sum += static_cast<double>(w.at(from, pack)[i * lanes + l]);
      const auto value = static_cast<float>(average ? sum / static_cast<double>(w.batch.count) : sum);
      for (int64_t pack = 0; pack < w.batch.packs; pack++)
        for (int l = 0; l < lanes; l++) w.at(to, pack)[i * lanes + l] = l < w.filled(pack) ? value : 0.0f;
    }
  });
}

void over_batch_forward(Builder& b, int index) { over_batch_phase(b, "over batch", index, b.input_value(index), b.value(index)); }

// dx_j = sum over i: dy_i, or its average
void over_batch_backward(Builder& b, int index) {
  const int dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx >= 0) over_batch_phase(b, "over batch backward", index, dy, dx);
}

}  // namespace striate
