# Ruby's Regexp.
require "timeout"
$VERBOSE = nil
$stdout.sync = true

def text(hex)
  [hex[1..]].pack("H*").force_encoding("UTF-8")
end

def answer(mode, flags, pattern, texts)
  bits = 0
  bits |= Regexp::IGNORECASE if flags.include?("i")
  bits |= Regexp::EXTENDED if flags.include?("x")
  bits |= Regexp::MULTILINE if flags.include?("m")
  begin
    Regexp.new(pattern, bits)
    whole = { "full" => "\\A(?:#{pattern})\\z", "prefix" => "\\A(?:#{pattern})", "search" => pattern }[mode]
    regex = Regexp.new(whole, bits)
  rescue RegexpError, ArgumentError => error
    return "!" + error.message.gsub("\n", " ")
  end
  texts.map { |text| outcome(regex, text) }.join(" ")
end

def outcome(regex, text)
  found = Timeout.timeout(2) { regex.match(text) }
  found ? "#{found.begin(0)},#{found.end(0)}" : "-"
rescue Timeout::Error
  "?"
end

$stdin.each_line do |line|
  mode, flags, pattern, *texts = line.split(" ")
  puts answer(mode, flags[1..], text(pattern), texts.map { |hex| text(hex) })
end
