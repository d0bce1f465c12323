// SPDX-License-Identifier: Apache-2.0
#include "hepar/leakage/alignment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace hepar::leakage {
namespace {

constexpr std::int64_t kQueriesPerScan = 320;
constexpr std::size_t kMostMatches = 400, kMostProposals = 100, kLinePoints = 40;
constexpr int kLeastSimilarity = static_cast<int>(0.75F * kDescriptorNorm * kDescriptorNorm);
constexpr std::size_t kFewestAgreeing = 5;
constexpr double kFewestSlabsApart = 2;
constexpr double kSteepest = 8;  // most slabs of one scan per slab of the other

struct Match {
  const ScanSignature::Point *a, *b;
  double slab_b;   // where repeated slices make several partners the same, the middle one's
  int similarity;  // inner product of the descriptors
  bool mirrored;   // b's picture is mirrored
  double scale() const { return static_cast<double>(b->keypoint.scale / a->keypoint.scale); }
  // Angle of the rotation from a, mirrored in y if so, to b.
  double turn() const {
    return static_cast<double>(b->keypoint.angle) +
           (mirrored ? 1 : -1) * static_cast<double>(a->keypoint.angle);
  }
  Vec3 from() const { return {a->keypoint.x, mirrored ? -a->keypoint.y : a->keypoint.y, 0}; }
  Vec3 to() const { return {b->keypoint.x, b->keypoint.y, 0}; }
};

int inner_product(const Descriptor& p, const Descriptor& q) {
  int sum = 0;
  for (std::size_t n = 0; n < kDescriptorSize; ++n) sum += static_cast<int>(p[n]) * static_cast<int>(q[n]);
  return sum;
}

// The best partner of each of a's strongest keypoints, once in b and once in b mirrored; most alike first.
std::vector<Match> match_points(const ScanSignature& a, const ScanSignature& b) {
  const std::int64_t ranks = 1 + (kQueriesPerScan - 1) / a.slabs;
  std::vector<Match> matches;
  for (const auto& query : a.points) {
    if (query.rank >= ranks) continue;
    for (const bool mirror : {false, true}) {
      const Descriptor wanted = mirror ? mirrored(query.keypoint.descriptor) : query.keypoint.descriptor;
      Match best{&query, nullptr, 0, kLeastSimilarity, mirror};
      std::int64_t last_slab = 0;
      for (const auto& candidate : b.points) {
        const int similarity = inner_product(wanted, candidate.keypoint.descriptor);
        if (similarity > best.similarity) best.similarity = similarity, best.b = &candidate;
        if (similarity == best.similarity) last_slab = candidate.slab;
      }
      if (best.b == nullptr) continue;
      best.slab_b = 0.5 * static_cast<double>(best.b->slab + last_slab);
      matches.push_back(best);
    }
  }
  std::stable_sort(matches.begin(), matches.end(),
                   [](const Match& p, const Match& q) { return p.similarity > q.similarity; });
  if (matches.size() > kMostMatches) matches.resize(kMostMatches);
  return matches;
}

// to = (c, -s; s, c) from + shift, with `from` mirrored in y if so.
struct Similarity {
  double c, s;
  Vec3 shift;
  bool mirrored;
  double scale() const { return std::hypot(c, s); }
  Vec3 operator()(Vec3 from) const {
    return {c * from.x - s * from.y + shift.x, s * from.x + c * from.y + shift.y, 0};
  }
};

Similarity proposed_by(const Match& match) {
  Similarity similarity{
      match.scale() * std::cos(match.turn()), match.scale() * std::sin(match.turn()), {}, match.mirrored};
  similarity.shift = match.to() - similarity(match.from());
  return similarity;
}

std::vector<const Match*> agreeing(const std::vector<Match>& matches, const Similarity& similarity,
                                   double tolerance) {
  constexpr double kScaleRatio = 1.5, kTurn = 0.5;
  std::vector<const Match*> result;
  const double scale = similarity.scale(), turn = std::atan2(similarity.s, similarity.c);
  for (const Match& match : matches) {
    if (match.mirrored != similarity.mirrored) continue;
    const Vec3 off = match.to() - similarity(match.from());
    if (off.dot(off) > tolerance * tolerance) continue;
    const double ratio = match.scale() / scale;
    if (ratio > kScaleRatio || ratio * kScaleRatio < 1) continue;
    if (std::abs(std::remainder(match.turn() - turn, 2 * std::numbers::pi)) < kTurn) result.push_back(&match);
  }
  return result;
}

// Least squares in closed form: Umeyama, IEEE Trans. PAMI 13(4):376, 1991, in two dimensions.
std::optional<Similarity> fit_similarity(const std::vector<const Match*>& matches) {
  Vec3 from, to;
  for (const Match* match : matches) from = from + match->from(), to = to + match->to();
  const double each = 1 / static_cast<double>(matches.size());
  from = each * from, to = each * to;
  double along = 0, across = 0, spread = 0;
  for (const Match* match : matches) {
    const Vec3 p = match->from() - from, q = match->to() - to;
    along += p.x * q.x + p.y * q.y, across += p.x * q.y - p.y * q.x, spread += p.dot(p);
  }
  if (!(spread > 1)) return std::nullopt;  // all at one place
  Similarity fit{along / spread, across / spread, {}, matches.front()->mirrored};
  constexpr double kMostZoom = 3;
  if (fit.scale() > kMostZoom || fit.scale() * kMostZoom < 1) return std::nullopt;
  fit.shift = to - fit(from);
  return fit;
}

struct SlabLine {
  double slope = 0, shift = 0;
  int points = 0;
  // `slack` in slabs of the scan that has the thicker ones.
  bool holds(const Match& match, double slack) const {
    const double off = match.slab_b - slope * static_cast<double>(match.a->slab) - shift;
    return std::abs(off) <= slack * std::max(1.0, std::abs(slope));
  }
};

std::optional<SlabLine> line_through(const Match& p, const Match& q) {
  const auto run = static_cast<double>(q.a->slab - p.a->slab), rise = q.slab_b - p.slab_b;
  if (std::abs(run) < kFewestSlabsApart || std::abs(rise) < kFewestSlabsApart) return std::nullopt;
  const double slope = rise / run;
  if (std::abs(slope) > kSteepest || std::abs(slope) * kSteepest < 1) return std::nullopt;
  return SlabLine{slope, p.slab_b - slope * static_cast<double>(p.a->slab), 0};
}

// Regression over the matches that the line holds; the same line when they lie in one slab.
SlabLine refined(const SlabLine& line, const std::vector<const Match*>& matches, double slack) {
  double n = 0, a = 0, b = 0, aa = 0, ab = 0;
  for (const Match* match : matches) {
    if (!line.holds(*match, slack)) continue;
    const auto x = static_cast<double>(match->a->slab), y = match->slab_b;
    n += 1, a += x, b += y, aa += x * x, ab += x * y;
  }
  const double spread = aa - a * a / n, slope = (ab - a * b / n) / spread;
  if (!(spread >= 1) || std::abs(slope) > kSteepest || std::abs(slope) * kSteepest < 1) return line;
  return {slope, (b - slope * a) / n, line.points};
}

// The line that most matches lie on, from pairs of the most alike ones.
SlabLine find_line(const std::vector<const Match*>& matches) {
  SlabLine best;
  const std::size_t ends = std::min(kLinePoints, matches.size());
  for (std::size_t p = 0; p < ends; ++p)
    for (std::size_t q = p + 1; q < ends; ++q) {
      auto line = line_through(*matches[p], *matches[q]);
      if (!line) continue;
      for (const Match* match : matches) line->points += line->holds(*match, 1) ? 1 : 0;
      if (line->points > best.points) best = *line;
    }
  // A place between two slabs is up to half a slab from its own.
  for (const double slack : {1.0, 0.6, 0.6})
    if (best.points > 0) best = refined(best, matches, slack);
  return best;
}

}  // namespace

std::optional<Alignment> align(const ScanSignature& a, const ScanSignature& b) {
  constexpr std::array kTolerances{8.0, 5.0, 3.0};  // pixels, narrowing as the similarity gets better
  const std::vector<Match> matches = match_points(a, b);
  std::optional<Alignment> best;
  for (std::size_t n = 0; n < std::min(kMostProposals, matches.size()); ++n) {
    std::optional<Similarity> similarity = proposed_by(matches[n]);
    std::vector<const Match*> held;
    const std::size_t fewest = best ? static_cast<std::size_t>(best->points) + 1 : kFewestAgreeing;
    for (const double tolerance : kTolerances) {
      held = agreeing(matches, *similarity, tolerance);
      if (held.size() < fewest) break;
      similarity = fit_similarity(held);
      if (!similarity) break;
    }
    if (held.size() < fewest || !similarity) continue;
    const SlabLine line = find_line(held);
    if (line.points < static_cast<int>(fewest)) continue;
    const double sign = similarity->mirrored ? -1 : 1;
    best = {similarity->c,       -sign * similarity->s, similarity->s, sign * similarity->c,
            similarity->shift.x, similarity->shift.y,   line.slope,    line.shift,
            line.points};
    if (2 * static_cast<std::size_t>(line.points) > matches.size()) break;  // hardly another can have more
  }
  return best;
}

}  // namespace hepar::leakage
