// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The form of an answer: its status on the first line, then its text.
#include "answer.hpp"
#include "failure.hpp"

Answer parse_answer(std::string_view bytes)
{
	size_t end = bytes.find('\n');
	std::string_view status = bytes.substr(0, end);
	Answer answer = { Answer::Status::Ok, {} };

	if (status == "error")
		answer.status = Answer::Status::Error;
	else if (status == "incomplete")
		answer.status = Answer::Status::Incomplete;
	else if (status != "ok")
		end = std::string_view::npos;
	if (end == std::string_view::npos)
		throw Failure("/dev/lunatik gave no answer that this command understands: "
			      "install the command and the modules of one version, then run: lunatik reload");
	answer.text = bytes.substr(end + 1);
	return answer;
}
