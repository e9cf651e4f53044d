// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The list of scripts: how it comes from the kernel, and how it is shown.
#include "listing.hpp"
#include "failure.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

static std::vector<std::string_view> split(std::string_view text, char separator)
{
	std::vector<std::string_view> parts;

	for (size_t end; (end = text.find(separator)) != text.npos; text.remove_prefix(end + 1))
		parts.push_back(text.substr(0, end));
	parts.push_back(text);
	return parts;
}

static bool parse_number(std::string_view text, unsigned long long &number)
{
	auto [end, error] = std::from_chars(text.begin(), text.end(), number);

	return error == std::errc() && end == text.end();
}

std::vector<Script> parse_listing(std::string_view lines)
{
	std::vector<Script> scripts;

	if (lines.empty())
		return scripts;
	for (std::string_view line : split(lines, '\n')) {
		std::vector<std::string_view> fields = split(line, '\t');
		Script script = {};

		if (fields.size() != 8 || !parse_number(fields[3], script.memory) || !parse_number(fields[4], script.quota) ||
		    !parse_number(fields[5], script.budget) || !parse_number(fields[6], script.breaches))
			throw Failure("the kernel's list of scripts has an unexpected form: "
				      "install the command and the modules of one version, then run: lunatik reload");
		script.name = fields[0];
		script.context = fields[1];
		script.percpu = fields[2] == "true";
		script.running = fields[7] == "running";
		script.condemned = fields[7] == "condemned";
		scripts.push_back(script);
	}
	return scripts;
}

std::string format_table(const std::vector<std::vector<std::string>> &rows)
{
	std::vector<size_t> widths;
	std::string text;

	for (const auto &row : rows) {
		widths.resize(std::max(widths.size(), row.size()));
		for (size_t i = 0; i < row.size(); i++)
			widths[i] = std::max(widths[i], row[i].size());
	}
	for (const auto &row : rows) {
		for (size_t i = 0; i < row.size(); i++) {
			text += row[i];
			if (i + 1 < row.size())
				text.append(widths[i] - row[i].size() + 2, ' ');
		}
		text += '\n';
	}
	return text;
}

static std::string in_kib(unsigned long long bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%.1f KiB", static_cast<double>(bytes) / 1024);
	return text;
}

static const char *state_of(const Script &script)
{
	return script.running ? "running" : script.condemned ? "stopped for its breaches" : "stopped";
}

std::string listing_table(const std::vector<Script> &scripts)
{
	std::vector<std::vector<std::string>> rows = { { "SCRIPT", "CONTEXT", "PERCPU", "MEMORY", "BREACHES", "STATE" } };

	if (scripts.empty())
		return "";
	for (const Script &script : scripts)
		rows.push_back({ script.name, script.context, script.percpu ? "yes" : "no", in_kib(script.memory),
				 std::to_string(script.breaches), state_of(script) });
	return format_table(rows);
}

static std::string json_string(std::string_view text)
{
	std::string json = "\"";

	for (char c : text) {
		char escape[8];

		if (c == '"' || c == '\\') {
			json += '\\';
			json += c;
		} else if (static_cast<unsigned char>(c) < ' ') {
			snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned int>(c));
			json += escape;
		} else {
			json += c;
		}
	}
	return json + '"';
}

static const char *json_boolean(bool value)
{
	return value ? "true" : "false";
}

std::string listing_json(const std::vector<Script> &scripts)
{
	std::string json = "[";
	const char *separator = "";

	for (const Script &script : scripts) {
		json += separator;
		json += "{\"script\":" + json_string(script.name) + ",\"context\":" + json_string(script.context) +
			",\"percpu\":" + json_boolean(script.percpu) + ",\"memory\":" + std::to_string(script.memory) +
			",\"quota\":" + std::to_string(script.quota) + ",\"budget\":" + std::to_string(script.budget) +
			",\"breaches\":" + std::to_string(script.breaches) +
			",\"running\":" + json_boolean(script.running) +
			",\"condemned\":" + json_boolean(script.condemned) + "}";
		separator = ",";
	}
	return json + "]\n";
}
