// The catalogue: what a rule says of itself, for a terminal, the catalogue page and the manual.
#pragma once

#include <string>
#include <vector>

#include "viewer/diagnose/entry.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

std::string entry_page(const diagnose::Entry& entry, const TextStyle& style);

// One line each, by family.
std::string entry_list(const std::vector<diagnose::Entry>& entries, const TextStyle& style);

// docs/catalogue.md, and the section DIAGNOSES of the manual (scdoc).
std::string catalogue_markdown(const std::vector<diagnose::Entry>& entries);
std::string catalogue_manual(const std::vector<diagnose::Entry>& entries);

}  // namespace sockwatch::render
