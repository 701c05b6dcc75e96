//! What an account has that no script of ours declared, as far as scripts may look it up.

/// Which VPC is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VpcQuery {
    /// The one whose tag `Name` is this.
    Name(String),
    /// The one with this identifier, `vpc-…`.
    Id(String),
}

/// A VPC that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingVpc {
    /// `vpc-…`.
    pub id: String,
    /// Its primary addresses, such as `10.0.0.0/16`.
    pub cidr: String,
    /// Its subnets, by zone and identifier.
    pub subnets: Vec<ExistingSubnet>,
}

/// A subnet that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingSubnet {
    /// `subnet-…`.
    pub id: String,
    /// The name of its availability zone.
    pub zone: String,
    /// Its addresses.
    pub cidr: String,
    /// Whether its route table leads to an internet gateway.
    pub public: bool,
}
