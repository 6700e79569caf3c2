// CBOR (RFC 8949), the encoding of payloads: the writer and the reader that codecs use.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace reprise {

// Appends data items in deterministic encoding: shortest integers and floats, definite lengths. An
// array(n) is followed by n items, a map(n) by n keys and values in turn. Not thread-safe; owns
// what it has written. Records nothing; usable everywhere.
class CborWriter {
 public:
  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void floating(double value);  // NaNs lose their payload
  // A text string if `value` is UTF-8, else a byte string: every item is valid CBOR.
  void text(std::string_view value);
  // A text string, for types that read a byte string as something else. invalid() if it is not
  // UTF-8.
  void utf8(std::string_view value);
  void bytes(std::string_view value);
  void array(std::size_t size);
  void map(std::size_t size);
  // An already encoded item.
  void item(std::string_view encoded);
  // For codecs of optional values whose value may itself be written as null: turns a null written
  // at `begin` of written() into `undefined`. See CborReader::kept_null().
  void keep_null(std::size_t begin);

  const std::string& written() const { return out_; }
  std::string take() { return std::move(out_); }
  // take(), for a whole payload: invalid() if it nests deeper than a CborReader would read.
  std::string finish();

  // Throws PayloadError (RP3012): the value could not be read back unchanged.
  [[noreturn]] void invalid(std::string_view why) const;

 private:
  void head(unsigned major, std::uint64_t value);
  void big_endian(std::uint64_t value, int bytes);

  std::string out_;
  std::size_t nesting_ = 0;  // arrays, maps and foreign items so far: at least the levels
};

// Reads data items from `encoded`, which must outlive the reader and the views it returns. Each
// function reads one item of the kind in its name. Strict: an item of another kind, a number out of
// range, an indefinite length, more than kMaxDepth levels and truncated input throw PayloadError
// (RP3001), which says what was expected and what was found. Not thread-safe.
class CborReader {
 public:
  static constexpr int kMaxDepth = 64;

  enum class Type : std::uint8_t {
    kUnsigned,
    kNegative,
    kBytes,
    kText,
    kArray,
    kMap,
    kTag,
    kBoolean,
    kNull,
    kFloat,
    kOther,  // undefined, simple values, reserved encodings
    kEnd,
  };

  // `whole` names, for messages, the type that all of `encoded` is read as. kArguments: the
  // std::tuple of a call's arguments.
  enum class Whole { kValue, kArguments };
  explicit CborReader(std::string_view encoded,
                      std::string_view whole = {},
                      Whole kind = Whole::kValue);

  Type peek() const;
  void null();
  bool boolean();
  std::int64_t integer(std::int64_t min, std::int64_t max);
  std::uint64_t unsigned_integer(std::uint64_t max);
  double floating();        // integers too, if a double holds them exactly
  float single();           // likewise for float
  std::string_view text();  // or a byte string, see CborWriter::text()
  std::string_view bytes();
  std::size_t array();              // the number of elements that follow
  void array_of(std::size_t size);  // exactly this many
  std::size_t map();                // the number of pairs that follow
  std::string_view item();          // skips one item of any kind and returns its encoding
  bool kept_null();                 // reads what keep_null() wrote; false: it is something else
  std::size_t rest() const { return encoded_.size() - position_; }  // bytes not read yet
  void finish();  // everything must have been read

  // For codecs whose type restricts what is valid: the next item is not what was expected, or an
  // item already read is not valid.
  [[noreturn]] void fail(std::string_view expected) const;
  [[noreturn]] void invalid(std::string_view why) const;
  // Likewise, for an item that was read completely: `rest` is rest() before it. `member`, ".price",
  // is the part of it at fault; empty: unknown.
  [[noreturn]] void invalid_item(std::string_view why, std::size_t rest, std::string_view member);

  // One level of nesting, for codecs of types that contain themselves or others.
  class Nesting {
   public:
    explicit Nesting(CborReader& reader) : reader_(reader) {
      if (reader.depth_ == kMaxDepth) reader.invalid("it nests too deeply");
      ++reader.depth_;
    }
    ~Nesting() { --reader_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    CborReader& reader_;
  };

 private:
  struct Head;
  Head peek_head() const;
  Head read_head(Type type, std::string_view expected);
  double number(int precision, std::string_view expected);
  std::string_view read_string(const Head& head);
  std::size_t read_count(Type type, std::string_view expected, std::size_t element_bytes);
  void skip();
  std::string describe_next() const;
  [[noreturn]] void refuse(std::string_view why, std::string_view member) const;
  std::string path_to(std::size_t position) const;
  bool enter(std::size_t position, std::string* path);

  std::string_view encoded_;
  std::string_view whole_;
  Whole kind_;
  std::size_t position_ = 0;
  int depth_ = 0;
};

}  // namespace reprise
